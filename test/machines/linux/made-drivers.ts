/**
 * The driver files of a made sysfs tree, with the kernel's side of them: what is written to `bind`, `unbind` and
 * `driver_override` is done to the tree as drivers/base/bus.c does it, or refused as a test asks.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { PciAddress } from '../../../src/pci/index.js';

export type WrittenFile = 'bind' | 'unbind' | 'driver_override';

/** What becomes of a write: an errno; nothing, though it is accepted; its effect once it is let go; its effect, and more. */
export type Answer = `E${string}` | 'nothing' | 'hangs' | { readonly then: () => void };

const own = fs.promises.writeFile;

export class MadeDrivers implements Disposable {
  readonly root = fs.mkdtempSync(join(tmpdir(), 'openslot-drivers-'));
  /** Asked at each write that the kernel would do; undefined: it is done. */
  answer: (file: WrittenFile, driver: string) => Answer | undefined = () => undefined;
  /** Each write, in order: `unbind nvme`, `override vfio-pci`. */
  readonly writes: string[] = [];
  readonly #hanging: (() => void)[] = [];

  constructor(address: PciAddress, driver: string, others: readonly string[]) {
    const device = join(this.root, 'devices', String(address));
    fs.mkdirSync(device, { recursive: true });
    for (const name of [driver, ...others]) {
      fs.mkdirSync(join(this.root, 'drivers', name), { recursive: true });
      for (const file of ['bind', 'unbind']) fs.writeFileSync(join(this.root, 'drivers', name, file), '');
    }
    const config = Buffer.alloc(256);
    config.writeUInt32LE(0x0010_1b36, 0);
    config.writeUInt32LE(0x0108_0202, 8);
    const files: Readonly<Record<string, string | Buffer>> = {
      config,
      uevent: 'PCI_CLASS=10802\nPCI_ID=1B36:0010\n',
      driver_override: '(null)\n',
      resource: '0x0000000000000000 0x0000000000000000 0x0000000000000000\n'.repeat(7),
    };
    for (const [file, content] of Object.entries(files)) fs.writeFileSync(join(device, file), content);
    this.give(address, driver);
    this.#watch();
  }

  /** Its driver is another one from now on, or none; nobody wrote anything. */
  give(address: PciAddress | string, driver: string | undefined): void {
    const link = join(this.root, 'devices', String(address), 'driver');
    fs.rmSync(link, { force: true });
    if (driver !== undefined) fs.symlinkSync(join(this.root, 'drivers', driver), link);
  }

  /** The kernel ends what hung. */
  letGo(): void {
    for (const end of this.#hanging.splice(0)) end();
  }

  [Symbol.dispose](): void {
    fs.promises.writeFile = own;
    syncBuiltinESMExports();
    fs.rmSync(this.root, { recursive: true });
  }

  #watch(): void {
    const write = async (path: unknown, text: unknown, options: unknown): Promise<void> => {
      if (String(path).startsWith(this.root)) await this.#written(String(path), String(text).trim());
      else await own(path as string, text as string, options as object);
    };
    fs.promises.writeFile = write as typeof own;
    syncBuiltinESMExports();
  }

  async #written(path: string, text: string): Promise<void> {
    const file = basename(path) as WrittenFile;
    const [above = ''] = path.split('/').slice(-2);
    const driver = file === 'driver_override' ? text || 'none' : above;
    this.writes.push(`${file === 'driver_override' ? 'override' : file} ${driver}`);
    const does = () => {
      if (file === 'driver_override') fs.writeFileSync(path, `${text || '(null)'}\n`);
      else this.#rebind(file, driver, text);
    };
    const answer = this.answer(file, driver);
    if (answer === 'nothing') return;
    if (answer === 'hangs')
      await new Promise<void>((resolve) => {
        this.#hanging.push(resolve);
      });
    else if (typeof answer === 'string') throw refusal(answer);
    does();
    if (typeof answer === 'object') answer.then();
  }

  #rebind(file: 'bind' | 'unbind', driver: string, address: string): void {
    const device = join(this.root, 'devices', address);
    const link = join(device, 'driver');
    const bound = fs.existsSync(link) ? basename(fs.readlinkSync(link)) : undefined;
    const override = fs.readFileSync(join(device, 'driver_override'), 'latin1').trim();
    if (file === 'unbind') {
      if (bound !== driver) throw refusal('ENODEV');
      this.give(address, undefined);
      return;
    }
    if (override !== '(null)' && override !== driver) throw refusal('ENODEV');
    if (bound !== undefined) throw refusal('EBUSY');
    this.give(address, driver);
  }
}

function refusal(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: write`), { code });
}
