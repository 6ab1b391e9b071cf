/** A sysfs tree of plain files: functions whose BAR 0 is a file that can be mapped, as `resource0` can. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeFunction {
  readonly driver: string | undefined;
  /** Number of its IOMMU group. */
  readonly group?: number;
}

export interface FakeSysfs extends Disposable {
  readonly root: string;
  /** 32 bits of a function's BAR 0. */
  register(address: string, offset: number): number;
  /** The same function anew, as after it was pulled out and put in. */
  replace(address: string): void;
  bind(address: string, driver: string): void;
}

const BAR_BYTES = 4096;
const UNUSED = `0x${'0'.repeat(16)} 0x${'0'.repeat(16)} 0x${'0'.repeat(16)}\n`;

export function fakeSysfs(functions: Readonly<Record<string, FakeFunction>>): FakeSysfs {
  const root = mkdtempSync(join(tmpdir(), 'openslot-sysfs-'));
  const file = (...names: readonly string[]) => join(root, 'devices', ...names);
  const bind = (address: string, driver: string) => {
    mkdirSync(join(root, 'drivers', driver), { recursive: true });
    symlinkSync(join(root, 'drivers', driver), file(address, 'driver'));
  };
  for (const [address, { driver, group }] of Object.entries(functions)) {
    mkdirSync(file(address), { recursive: true });
    const config = Buffer.alloc(256);
    config.writeUInt32LE(0x0010_1b36, 0);
    // Memory is decoded.
    config.writeUInt16LE(2, 4);
    const files: Readonly<Record<string, string | Buffer>> = {
      config,
      vendor: '0x1b36\n',
      device: '0x0010\n',
      class: '0x010802\n',
      revision: '0x02\n',
      enable: '0\n',
      driver_override: '(null)\n',
      resource: `0x00000000febd0000 0x00000000febd0fff 0x0000000000040200\n${UNUSED.repeat(6)}`,
      resource0: Buffer.alloc(BAR_BYTES),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(file(address, name), content);
    if (driver !== undefined) bind(address, driver);
    if (group !== undefined) {
      mkdirSync(join(root, 'groups', String(group)), { recursive: true });
      symlinkSync(join(root, 'groups', String(group)), file(address, 'iommu_group'));
    }
  }
  return {
    root,
    register: (address, offset) => readFileSync(file(address, 'resource0')).readUInt32LE(offset),
    replace: (address) => {
      // The old entry stays somewhere, so that the new one cannot get its number.
      renameSync(file(address), join(root, 'pulled'));
      cpSync(join(root, 'pulled'), file(address), { recursive: true });
    },
    bind,
    [Symbol.dispose]: () => {
      rmSync(root, { recursive: true });
    },
  };
}
