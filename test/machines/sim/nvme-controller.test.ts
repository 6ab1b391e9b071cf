/** The `nvme` model's controller: its registers, its life from enable to shutdown, its doorbells, resets and options. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MachineDescriptionError } from '../../../src/machines/sim/errors.js';
import { nvme } from '../../../src/machines/sim/models/index.js';
import { checkTable, decodeTable, decodedFields, nvmeRegisters } from '../../../src/pci/index.js';
import { make, MILLISECOND, pattern, sameBytes, started } from './nvme-device.js';
import { CC_ENABLED, FREE, completionBase, submissionBase } from './nvme-host.js';

test('the header is that of an NVMe controller, with MSI-X behind its registers', () => {
  const [{ shape } = { shape: undefined }] = nvme.functions(nvme.options({ queues: 4 }));
  assert.equal(shape?.classCode, 0x010802);
  assert.deepEqual(shape?.msix, { vectors: 5, region: 0, table: 0x2000, pending: 0x3000 });
  assert.deepEqual(shape?.regions, [{ index: 0, kind: 'memory', size: 0x4000, wide: true }]);
  assert.deepEqual(shape?.express, { flr: true });
});

test('the register table is sound and decodes what the controller reads', () => {
  assert.deepEqual(checkTable(nvmeRegisters), []);
  const { model, write } = make();
  write(0x14, CC_ENABLED);
  const registers = decodeTable(nvmeRegisters, {
    size: 0x1000,
    read: (offset, width) => model.read(0, offset, width),
  });
  const values = Object.fromEntries(decodedFields(registers).map(({ name, value }) => [name, value]));
  assert.equal(values['nvme.cap.mqes'], 1024);
  assert.equal(values['nvme.cap.to'], 1000);
  assert.equal(values['nvme.cap.css'], '0x01');
  assert.equal(values['nvme.cap.dstrd'], 4);
  assert.equal(values['nvme.vs.major'], 1);
  assert.equal(values['nvme.vs.minor'], 4);
  assert.equal(values['nvme.cc.en'], true);
  assert.equal(values['nvme.cc.iosqes'], 64);
  assert.equal(values['nvme.cc.iocqes'], 16);
});

test('registers: what can be written of each, parts of them, and what is not there', () => {
  const { model, read, write } = make();
  for (const [offset, expected] of [
    [0x00, 0x0201_03ff],
    [0x04, 0x0000_0020],
    [0x08, 0x0001_0400],
    [0x1c, 0],
    [0x24, 0x0fff_0fff],
    [0x28, 0xffff_f000],
    [0x2c, 0xffff_ffff],
    [0x30, 0xffff_f000],
    [0x34, 0xffff_ffff],
    [0x18, 0],
    [0x20, 0],
    [0x38, 0],
    [0x3c, 0],
    [0x1000, 0],
    [0x1ffc, 0],
  ] as const) {
    write(offset, 0xffff_ffff);
    assert.equal(read(offset), expected, offset.toString(16));
  }
  assert.equal(model.read(0, 0x0a, 2), 1);
  assert.equal(model.read(0, 0x09, 1), 4);
  assert.equal(model.read(0, 0x2b, 1), 0xff);
  model.write(0, 0x24, 2, 0);
  model.write(0, 0x24, 1, 0);
  assert.equal(read(0x24), 0x0fff_0fff, 'narrow writes do nothing');
  write(0x0c, 0x8000_0001);
  write(0x0c, 0x10);
  write(0x10, 1);
  assert.equal(read(0x0c), 0x8000_0010);
  assert.equal(read(0x10), 0x8000_0010);
});

test('it is ready after its time, and stops when it is disabled', async () => {
  const { bus, host, read, write } = make();
  write(0x24, 0x000f_000f);
  write(0x28, submissionBase(0));
  write(0x30, completionBase(0));
  write(0x14, CC_ENABLED);
  assert.equal(read(0x1c), 0);
  write(0x1000, 1);
  bus.advance(MILLISECOND - 1);
  assert.equal(read(0x1c), 0);
  bus.advance(1);
  assert.equal(read(0x1c), 1);
  write(0x14, CC_ENABLED - 1);
  assert.equal(read(0x1c), 0);
  assert.equal(read(0x24), 0x000f_000f, 'the registers of the admin queue stay');

  write(0x14, CC_ENABLED);
  write(0x14, 0);
  bus.advance(10 * MILLISECOND);
  assert.equal(read(0x1c), 0, 'disabled before it was ready');
  await host.start();
  assert.equal(read(0x1c), 1);
});

test('a configuration that it cannot start with is fatal until it is disabled', async () => {
  const bad: readonly (readonly [number, number])[] = [
    [0x000f_000f, CC_ENABLED | 0x10],
    [0x000f_000f, CC_ENABLED | 0x80],
    [0x000f_000f, CC_ENABLED | 0x800],
    [0x0000_000f, CC_ENABLED],
    [0x000f_0000, CC_ENABLED],
  ];
  for (const [sizes, configuration] of bad) {
    const { bus, host, read, write } = make();
    write(0x24, sizes);
    write(0x14, configuration);
    bus.advance(10 * MILLISECOND);
    assert.equal(read(0x1c), 2);
    await host.start();
    assert.equal(read(0x1c), 1);
  }
});

test('shutdown is notified, takes its time, and ends with a reset', async () => {
  const { bus, host, read, write } = await started();
  for (const notification of [0x4000, 0x8000]) {
    write(0x14, CC_ENABLED | notification);
    assert.equal(read(0x1c), 0x5);
    bus.advance(MILLISECOND);
    assert.equal(read(0x1c), 0x9);
    await host.start();
    assert.equal(read(0x1c), 0x1);
  }
});

test('a doorbell with a value that cannot be changes nothing', async () => {
  const { bus, host, write } = await started({}, 1);
  write(0x1008, 16);
  write(0x100c, 16);
  write(0x100c, 5);
  write(0x1ff8, 1);
  write(0x1ffc, 1);
  bus.advance(MILLISECOND);
  assert.equal(await host.poll(1), undefined);
  assert.equal((await host.command({ opcode: 0, namespace: 1 }, 1)).status, 0);
});

test('queues that cannot be reached are fatal, until the controller is reset', async () => {
  for (const [offset, what] of [
    [0x28, 'commands'],
    [0x30, 'completions'],
  ] as const) {
    const { bus, host, read, write } = make();
    write(0x24, 0x000f_000f);
    write(0x28, submissionBase(0));
    write(0x30, completionBase(0));
    write(offset, 0xffff_f000);
    write(offset + 4, 0xffff_ffff);
    write(0x14, CC_ENABLED);
    bus.advance(MILLISECOND);
    write(0x1000, 15);
    bus.advance(MILLISECOND);
    assert.equal(read(0x1c), 3, what);
    assert.equal(bus.faults.length, 1);
    write(0x1000, 3);
    bus.advance(MILLISECOND);
    assert.equal(bus.faults.length, 1, 'it rests');
    await host.start();
    assert.equal((await host.command({ opcode: 0x06, prp1: FREE, dword10: 1 })).status, 0);
  }
});

test('a deleted queue and a disabled controller forget what waits', async () => {
  const { bus, host, write } = await started({ latency: MILLISECOND }, 1);
  await host.put({ opcode: 0, namespace: 1 }, 1);
  await host.ring(1);
  assert.equal(bus.timers, 1);
  await host.put({ opcode: 0x00, dword10: 1 });
  await host.ring();
  write(0x14, 0);
  assert.equal(bus.timers, 0);
  bus.advance(10 * MILLISECOND);
  assert.equal(await host.poll(), undefined);
  assert.equal(await host.poll(1), undefined);
});

test('a function reset gives back all but the disk', async () => {
  const { bus, model, disk, host, read } = await started({}, 1);
  bus.memory.set(pattern(512), FREE);
  await host.command({ opcode: 1, namespace: 1, prp1: FREE, dword10: 9 }, 1);
  await host.command({ opcode: 0x7f }, 1);
  await host.put({ opcode: 0, namespace: 1 }, 1);
  await host.ring(1);
  bus.dropTimers();
  model.reset();
  for (const offset of [0x0c, 0x14, 0x1c, 0x24, 0x28, 0x2c, 0x30, 0x34]) assert.equal(read(offset), 0);
  sameBytes(disk.subarray(9 * 512, 10 * 512), pattern(512));
  await host.start();
  await host.command({ opcode: 0x02, prp1: FREE, dword10: (15 << 16) | 0x01 });
  assert.ok(
    bus.memory.subarray(FREE, FREE + 64).every((byte) => byte === 0),
    'no error is left',
  );
});

test('options that cannot be are refused by name', () => {
  const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ size: 1000 }, /option size: 1000 is not a whole number from 4096/],
    [{ size: 4097 }, /option size: 4097 bytes are no whole blocks of 512/],
    [{ size: '1M' }, /option size: "1M"/],
    [{ size: 4608, block: 4096 }, /option size: 4608 bytes are no whole blocks of 4096/],
    [{ block: 1024 }, /option block: 1024 is not one of 512, 4096/],
    [{ queues: 0 }, /option queues: 0 is not a whole number from 1 to 64/],
    [{ queues: 65 }, /option queues/],
    [{ latency: -1 }, /option latency/],
    [{ serial: '' }, /option serial/],
    [{ serial: 'x'.repeat(21) }, /option serial/],
    [{ serial: 'ü' }, /option serial/],
    [{ disk: '/dev/sda' }, /option disk: is memory, a Uint8Array/],
    [{ disk: new Uint8Array(0) }, /option disk/],
    [{ disk: new Uint8Array(700) }, /option disk: 700 bytes are no whole blocks/],
    [{ disk: new Uint8Array(4096), size: 4096 }, /option size: is that of the disk/],
    [{ path: 'x' }, /option path: is not an option: this kind has size, disk/],
  ];
  for (const [given, message] of refused) {
    assert.throws(
      () => nvme.options(given),
      (error) => error instanceof MachineDescriptionError && message.test(error.message),
      String(message),
    );
  }
});
