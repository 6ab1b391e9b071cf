/** What `linux` makes of a function by the driver that is bound, on a sysfs tree of files; what cannot be is refused. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import { Shared } from '../../../src/machines/linux/shared.js';
import { notations, OpenslotError } from '../../../src/pci/index.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-bound-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const ADDRESS = notations.hex.parse('00:04.0');
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

/** One edu that the driver has; in an IOMMU group that no kernel has, or in none. */
function tree(name: string, driver: string, grouped: boolean): { machine: LinuxMachine; config: string } {
  const root = join(folder, name);
  const device = join(root, 'devices', String(ADDRESS));
  const driverFolder = join(root, 'drivers', driver);
  mkdirSync(device, { recursive: true });
  mkdirSync(driverFolder, { recursive: true });
  const config = Buffer.alloc(256);
  config.writeUInt32LE(0x11e8_1234, 0);
  writeFileSync(join(device, 'config'), config);
  const line = '0x00000000fea00000 0x00000000feafffff 0x0000000000040200\n';
  writeFileSync(join(device, 'resource'), line);
  symlinkSync(driverFolder, join(device, 'driver'));
  symlinkSync(device, join(driverFolder, String(ADDRESS)));
  const group = join(root, 'groups', '999999');
  mkdirSync(group, { recursive: true });
  if (grouped) symlinkSync(group, join(device, 'iommu_group'));
  return { machine: new LinuxMachine({ root }), config: join(device, 'config') };
}

describe('bound to vfio-pci', () => {
  test('it declares interrupts and DMA, and can be looked at by anybody', () => {
    const { machine } = tree('look', 'vfio-pci', true);
    const { interrupts, dma, iommuGroups } = machine.capabilities;
    assert.deepEqual([interrupts, dma, iommuGroups], [true, true, true]);
    using fn = machine.open(ADDRESS);
    assert.ok(fn.interrupts !== undefined && fn.dma !== undefined);
    assert.equal(fn.config.read(0, 4), 0x11e8_1234);
    assert.deepEqual(fn.resetMethods, []);
  });

  test('without an IOMMU nothing is driven, and nothing written past VFIO', async () => {
    const { machine, config } = tree('no-iommu', 'vfio-pci', false);
    const before = readFileSync(config);
    using fn = machine.open(ADDRESS);
    assert.throws(() => {
      fn.config.write(4, 2, 6);
    }, code('IOMMU_ABSENT'));
    assert.throws(() => fn.openRegion(0), code('IOMMU_ABSENT'));
    assert.throws(() => {
      fn.setEnabled(true);
    }, code('IOMMU_ABSENT'));
    assert.throws(() => fn.interrupts?.open({ kind: 'intx' }), code('IOMMU_ABSENT'));
    await assert.rejects(fn.dma?.allocate(1) ?? Promise.resolve(), code('IOMMU_ABSENT'));
    await assert.rejects(fn.reset(), code('IOMMU_ABSENT'));
    assert.deepEqual(readFileSync(config), before);
  });

  test('without the group’s file the refusal names it', () => {
    const { machine } = tree('no-file', 'vfio-pci', true);
    using fn = machine.open(ADDRESS);
    assert.throws(
      () => fn.openRegion(0),
      (error) => {
        assert.ok(error instanceof OpenslotError);
        assert.equal(error.code, 'VFIO_UNAVAILABLE');
        assert.match(error.message, /\/dev\/vfio\/999999: ENOENT/);
        assert.match(error.next, /modprobe vfio-pci/);
        return true;
      },
    );
  });

  test('once closed it takes nothing more', async () => {
    const { machine } = tree('closed', 'vfio-pci', true);
    const fn = machine.open(ADDRESS);
    fn.close();
    fn.close();
    assert.throws(() => fn.openRegion(0), code('FUNCTION_CLOSED'));
    assert.throws(() => fn.config.read(0, 4), code('CONFIG_REFUSED'));
    await assert.rejects(fn.dma?.allocate(1) ?? Promise.resolve(), code('FUNCTION_CLOSED'));
  });
});

describe('bound to uio_pci_generic', () => {
  test('it declares interrupts and no DMA; without its device file nothing is written', () => {
    const { machine, config } = tree('uio', 'uio_pci_generic', false);
    assert.deepEqual([machine.capabilities.interrupts, machine.capabilities.dma], [true, false]);
    const before = readFileSync(config);
    using fn = machine.open(ADDRESS);
    assert.equal(fn.dma, undefined);
    assert.equal(fn.config.read(0, 4), 0x11e8_1234);
    assert.throws(() => {
      fn.config.write(4, 2, 6);
    }, code('UIO_UNAVAILABLE'));
    assert.throws(() => fn.openRegion(0), code('UIO_UNAVAILABLE'));
    assert.deepEqual(readFileSync(config), before);
  });
});

test('what several use is opened once and closed by the last', () => {
  const log: string[] = [];
  const shared = new Shared<{ close(): void }>();
  const open = () => {
    log.push('open');
    return { close: () => log.push('close') };
  };
  assert.equal(shared.use(1, open), shared.use(1, open));
  assert.equal(shared.users(1), 2);
  shared.leave(1);
  assert.deepEqual(log, ['open']);
  shared.leave(1);
  shared.leave(1);
  assert.deepEqual([log, shared.users(1), shared.peek(1)], [['open', 'close'], 0, undefined]);
  assert.throws(() =>
    shared.use(2, () => {
      throw new Error('no');
    }),
  );
  assert.equal(shared.users(2), 0);
});
