/** Platform devices of this host as UIO describes them, on a tree of files that stands for the kernel's. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UioPlatform } from '../../../src/machines/linux/uio/uio-platform.js';

const base = mkdtempSync(join(tmpdir(), 'openslot-uio-'));
after(() => {
  rmSync(base, { recursive: true, force: true });
});
const root = join(base, 'class');
const devices = join(base, 'dev');
mkdirSync(devices, { recursive: true });

function attribute(path: string, value: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), `${value}\n`);
}

function device(node: string, bus: string, name: string): void {
  attribute(`${node}/name`, name);
  attribute(`${node}/event`, '0');
  mkdirSync(join(root, node, 'device'), { recursive: true });
  symlinkSync(`/sys/bus/${bus}`, join(root, node, 'device/subsystem'));
  writeFileSync(join(devices, node), Buffer.alloc(3 * 4096));
}

device('uio0', 'pci', 'uio_pci_generic');
attribute('uio0/maps/map0/addr', '0x80000000');
device('uio1', 'platform', 'timer');
for (const [number, addr, offset] of [
  [0, '0xfe801000', '0x0'],
  [1, '0xfe802080', '0x80'],
] as const) {
  attribute(`uio1/maps/map${number}/addr`, addr);
  attribute(`uio1/maps/map${number}/size`, '0x100');
  attribute(`uio1/maps/map${number}/offset`, offset);
}
device('uio2', 'platform', 'serial');
attribute('uio2/portio/port0/start', '0x3f8');
attribute('uio2/portio/port0/size', '0x8');
device('uio3', 'platform', 'nothing');
// As a UIO file of a device that was given no interrupt, it cannot be read at its beginning (EIO).
device('uio4', 'platform', 'silent');
attribute('uio4/maps/map0/addr', '0xfe900000');
attribute('uio4/maps/map0/size', '0x1000');
attribute('uio4/maps/map0/offset', '0x0');
rmSync(join(devices, 'uio4'));
symlinkSync('/proc/self/mem', join(devices, 'uio4'));

test('lists what has ranges and is no PCI function, in the order of addresses', () => {
  const platform = new UioPlatform('linux', { root, devices });
  assert.deepEqual(
    platform
      .list()
      .map(({ name, model, regions }) => [
        name,
        model,
        ...regions.map(({ index, kind, size }) => `${index} ${kind} ${size}`),
      ]),
    [
      ['isa:0x3f8', 'serial', '0 io 8'],
      ['isa:0xfe801000', 'timer', '0 memory 256', '1 memory 256'],
      ['isa:0xfe900000', 'silent', '0 memory 4096'],
    ],
  );
  assert.deepEqual(new UioPlatform('linux', { root: join(base, 'none'), devices }).list(), []);
  assert.throws(() => platform.open('isa:0x80000000'), { code: 'PLATFORM_DEVICE_NOT_FOUND' });
});

test('a map is the page of its number, from its offset on', () => {
  const platform = new UioPlatform('linux', { root, devices });
  {
    using opened = platform.open('isa:0xfe801000');
    using second = opened.openRegion(1);
    second.write32(4, 0x1234_5678);
    assert.equal(second.read32(4), 0x1234_5678);
    assert.throws(() => second.read32(0x100), { code: 'REGION_OUT_OF_RANGE' });
    assert.throws(() => opened.openRegion(2), { code: 'REGION_ABSENT' });
  }
  assert.equal(readFileSync(join(devices, 'uio1')).readUInt32LE(4096 + 0x80 + 4), 0x1234_5678);
});

test('a device that its driver gave no interrupt has none', () => {
  const platform = new UioPlatform('linux', { root, devices });
  using silent = platform.open('isa:0xfe900000');
  assert.equal(silent.interrupts?.available.intx, 0);
  assert.throws(() => silent.interrupts?.open({ kind: 'intx' }), { code: 'INTERRUPT_ABSENT' });
  using timer = platform.open('isa:0xfe801000');
  assert.equal(timer.interrupts?.available.intx, 1);
});
