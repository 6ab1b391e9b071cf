/** Lessons of advisories about configuration space: whose registers are whose. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AllowedWrites } from '../hostile/allowed-writes.js';
import { disk, edu } from '../function/shapes.js';
import { ExportingHost } from '../pciback/exported.js';

const DISK = 0;
const MASKABLE = 8;
const VALUES = [0xffff_ffff, 0, 0xfee0_1000, 0x5555_aaaa] as const;

/** A disk in the guest's slot 0, and in slot 1 a function whose messages can be masked. */
function host(): Promise<ExportingHost> {
  return ExportingHost.start([disk(), { ...edu(), msi: { vectors: 1, maskable: true } }]);
}

describe('configuration space', () => {
  test('XSA-120: a guest cannot stop its function from decoding, which would make the host’s own accesses errors', async () => {
    await using all = await host();
    const { handled: guest, machine } = all;
    const device = machine.device(disk().address);
    guest.write(DISK, 4, 2, 0x0007);
    for (const [offset, size] of [
      [4, 1],
      [4, 2],
      [4, 4],
    ] as const) {
      assert.equal(guest.write(DISK, offset, size, 0).error, 0);
      assert.equal(device.register('header.command') & 3, 3, `written with ${size} bytes`);
      assert.equal(guest.read(DISK, 4, 2).value & 3, 0, 'the guest sees what it wrote');
      guest.write(DISK, 4, 2, 0x0007);
    }
  });

  test('XSA-128: where messages go and what they say is the hypervisor’s', async () => {
    await using all = await host();
    const { handled: guest, machine } = all;
    for (const [shape, devfn] of [
      [disk(), DISK],
      [edu(), MASKABLE],
    ] as const) {
      const device = machine.device(shape.address);
      guest.operate(2, devfn);
      const of = () => ['msi.address', 'msi.address_upper', 'msi.data'].map((name) => device.register(name));
      const before = of();
      const msi = shape.msi === undefined ? 0 : devfn === DISK ? 0xc0 : 0x40;
      for (let offset = msi + 4; offset < msi + 14; offset++)
        for (const size of [1, 2, 4]) if (offset % size === 0) guest.write(devfn, offset, size, 0x1234_5678);
      assert.deepEqual(of(), before);
    }
  });

  test('XSA-129: which messages are masked is the hypervisor’s', async () => {
    await using all = await host();
    const { handled: guest, machine, platform } = all;
    const device = machine.device(edu().address);
    const mask = device.register('msi.mask');
    for (const value of VALUES) guest.write(MASKABLE, 0x50, 4, value);
    assert.equal(device.register('msi.mask'), mask);
    guest.write(DISK, 0x42, 2, 0xc000);
    assert.equal(machine.device(disk().address).register('msix.control') & 0xc000, 0);
    assert.ok(platform.protectedTables.has(String(disk().address)), 'the vector table is protected');
  });

  test('XSA-131: what nobody allowed a guest to write does not reach the hardware', async () => {
    await using all = await host();
    const { handled: guest, machine } = all;
    for (const [shape, devfn] of [
      [disk(), DISK],
      [edu(), MASKABLE],
    ] as const) {
      const device = machine.device(shape.address);
      const allowed = new AllowedWrites((offset, width) => device.read(offset, width));
      for (let offset = 0; offset < 256; offset++) {
        for (const size of [1, 2, 4]) {
          for (const value of VALUES) {
            device.writes.length = 0;
            if (offset % size === 0) guest.write(devfn, offset, size, value);
            for (const write of device.writes) assert.equal(allowed.refusal('write', write), undefined);
          }
        }
      }
    }
  });
});
