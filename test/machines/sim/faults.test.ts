/** Faults of simulated devices, switched on and off: what then happens, and what does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Iova } from '../../../src/function/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { MachineDescriptionError, parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { ProbeKind } from './probe.js';

const COMMAND = 0x04;
const AT = new PciAddress(0, 1, 0, 0);

function behindBridge(kind = new ProbeKind()) {
  const machine = new SimMachine(
    parseMachine(
      'roots: [{slots: [{slot: "01", bridge: {}, bus: [{slot: "00", model: probe, driver: probing}]}]}]',
    ),
    { kinds: [kind], clock: 'manual' },
  );
  return { machine, kind, probe: kind.probe(), fn: machine.open(AT) };
}

describe('faults', () => {
  test('a hung reset: the function does not come back until the fault is cleared', async () => {
    const { machine, fn } = behindBridge();
    const region = fn.openRegion(0);
    machine.inject(AT, { fault: 'hung_reset' });
    assert.equal(fn.config.read(0, 2), 0x1b36, 'until it is reset it works');
    await assert.rejects(fn.reset(), { code: 'RESET_FAILED' });
    assert.equal(fn.config.read(0, 4), 0xffff_ffff);
    fn.config.write(0x10, 4, 0x8000_0000);
    assert.equal(region.read32(0), 0xffff_ffff);
    assert.equal(machine.list().length, 2, 'it is still known');
    assert.equal(machine.open(AT).config.read(0, 4), 0xffff_ffff);
    assert.equal(machine.clear(AT, 'hung_reset'), true);
    assert.equal(machine.clear(AT, 'hung_reset'), false);
    assert.equal(fn.config.read(0, 2), 0x1b36);
    assert.equal(fn.config.read(0x10, 4), 0, 'as after a reset');
    assert.equal(await fn.reset(), 'pm');
  });

  test('surprise removal: all ones, nothing runs, nothing arrives; put in again it is new', async () => {
    const { machine, fn, probe } = behindBridge();
    fn.config.write(COMMAND, 2, 7);
    const region = fn.openRegion(0);
    const buffer = await fn.dma?.allocate(4096);
    assert.ok(buffer);
    region.write32(0, 5);
    probe.bus.after(1e6, () => assert.fail('ran without power'));
    probe.bus.setPin(true);
    const line = fn.interruptLine ?? 0;
    assert.equal(machine.host.lineLevel(line), true);

    machine.inject(AT, { fault: 'removed' });
    assert.deepEqual(
      [fn.config.read(0, 4), region.read32(0), region.read64(8)],
      [0xffff_ffff, 0xffff_ffff, 0xffff_ffff_ffff_ffffn],
    );
    assert.equal(machine.host.lineLevel(line), false);
    assert.equal(probe.bus.dmaWrite(buffer.iova, Uint8Array.of(1)), 'fault');
    assert.equal(machine.iommuFaults.count, 0, 'it is not there to be recorded');
    assert.deepEqual(
      machine.list().map(({ address }) => String(address)),
      ['0000:00:01.0'],
    );
    await assert.rejects(machine.drivers.unbind(AT), { code: 'FUNCTION_NOT_FOUND' });
    await assert.rejects(fn.reset(), { code: 'RESET_FAILED' });
    machine.clock.advance(2e6);

    machine.clear(AT, 'removed');
    assert.equal(fn.config.read(0, 4), 0x7001_1b36);
    assert.equal(region.read32(0), 0, 'its memory is new, its address is the one of before');
    assert.equal(fn.config.read(COMMAND, 2), 3);
    assert.equal(probe.resets >= 1, true);
  });

  test('an unresponsive device answers and sends nothing, and then goes on as it was', async () => {
    const { machine, fn, probe } = behindBridge();
    fn.config.write(COMMAND, 2, 7);
    const region = fn.openRegion(0);
    const buffer = await fn.dma?.allocate(4096);
    region.write32(0, 5);
    let ran = 0;
    probe.bus.after(1e6, () => {
      ran++;
      assert.equal(probe.bus.dmaWrite(buffer?.iova ?? (0n as Iova), Uint8Array.of(1)), 'fault');
    });
    probe.bus.setPin(true);
    machine.inject(AT, { fault: 'unresponsive' });
    assert.equal(machine.host.lineLevel(fn.interruptLine ?? 0), false);
    assert.deepEqual([fn.config.read(0, 4), region.read32(0)], [0xffff_ffff, 0xffff_ffff]);
    region.write32(0, 6);
    machine.clock.advance(1e6);
    assert.equal(ran, 1, 'inside it lives');
    machine.clear(AT, 'unresponsive');
    assert.equal(region.read32(0), 5);
    assert.equal(machine.host.lineLevel(fn.interruptLine ?? 0), true);
    assert.equal(probe.resets, 0);
  });

  test('an interrupt storm sticks the pin and raises a vector as time goes by', () => {
    const { machine, fn } = behindBridge();
    fn.config.write(COMMAND, 2, 7);
    machine.inject(AT, { fault: 'interrupt_storm' });
    {
      using pin = fn.interrupts?.open({ kind: 'intx' });
      for (let round = 0; round < 5; round++) assert.equal(pin?.wait(1)?.count, 1);
    }
    machine.inject(AT, { fault: 'interrupt_storm', vector: 2, every: 1e6 });
    using stream = fn.interrupts?.open({ kind: 'msix', vector: 2 });
    machine.clock.advance(100e6);
    const { count = 0 } = stream?.wait(0) ?? {};
    assert.ok(count >= 99 && count <= 101, `${count} in 100 ms`);
    machine.clear(AT, 'interrupt_storm');
    assert.equal(stream?.wait(10), undefined);
    assert.equal(machine.host.lineLevel(fn.interruptLine ?? 0), false);
    assert.equal(machine.clock.pending, 0);
  });

  test('a storm ends with the removal of its device and goes on when it is put in again', () => {
    const { machine, fn } = behindBridge();
    machine.inject(AT, { fault: 'interrupt_storm' });
    assert.equal(machine.host.lineLevel(fn.interruptLine ?? 0), true);
    machine.inject(AT, { fault: 'removed' });
    assert.equal(machine.clock.pending, 0);
    assert.equal(machine.host.lineLevel(fn.interruptLine ?? 0), false);
    machine.clear(AT, 'removed');
    assert.equal(machine.host.lineLevel(fn.interruptLine ?? 0), true);
  });

  test('wrong DMA: addresses are off, in both directions, and wrap', async () => {
    const { machine, fn, probe } = behindBridge();
    fn.config.write(COMMAND, 2, 7);
    const buffer = await fn.dma?.allocate(4096);
    assert.ok(buffer);
    const bytes = buffer.bytes;
    machine.inject(AT, { fault: 'wrong_dma', offset: 16 });
    assert.equal(probe.bus.dmaWrite(buffer.iova, Uint8Array.of(9)), 'done');
    assert.deepEqual([bytes[0], bytes[16]], [0, 9]);
    machine.inject(AT, { fault: 'wrong_dma', offset: -4096 });
    assert.equal(probe.bus.dmaWrite(buffer.iova, Uint8Array.of(9)), 'fault');
    assert.equal(machine.iommuFaults.recent.at(-1)?.iova, buffer.iova - 4096n);
    assert.equal(probe.bus.dmaRead(0n as Iova, new Uint8Array(1)), 'fault');
    assert.equal(machine.iommuFaults.recent.at(-1)?.iova, 0xffff_ffff_ffff_f000n);
    machine.clear(AT, 'wrong_dma');
    assert.equal(probe.bus.dmaWrite(buffer.iova, Uint8Array.of(7)), 'done');
    assert.equal(bytes[0], 7);
  });

  test('a fault of the model’s own reaches the model', () => {
    const { machine, probe } = behindBridge();
    assert.equal(probe.bus.hasFault('upside_down'), false);
    machine.inject(AT, { fault: 'model', name: 'upside_down' });
    assert.equal(probe.bus.hasFault('upside_down'), true);
    assert.equal(probe.bus.hasFault('removed'), false);
    machine.clear(AT, 'upside_down');
    assert.equal(probe.bus.hasFault('upside_down'), false);
    assert.throws(() => {
      machine.inject(AT, { fault: 'model', name: 'factorial' });
    }, MachineDescriptionError);
  });

  test('edu computes wrong factorials with its fault, from a description and at run time', () => {
    const machine = new SimMachine(
      parseMachine('roots: [{slots: [{slot: "02", model: edu, faults: [{fault: model, name: factorial}]}]}]'),
      { clock: 'manual' },
    );
    const address = new PciAddress(0, 0, 2, 0);
    using fn = machine.open(address);
    const region = fn.openRegion(0);
    const factorial = (n: number) => {
      region.write32(0x08, n);
      while ((region.read32(0x20) & 1) !== 0);
      return region.read32(0x08);
    };
    assert.notEqual(factorial(5), 120);
    machine.clear(address, 'factorial');
    assert.equal(factorial(5), 120);
    machine.inject(address, { fault: 'model', name: 'factorial' });
    assert.notEqual(factorial(5), 120);
  });

  test('a bridge has no faults, and nobody has one at an empty place', () => {
    const { machine } = behindBridge();
    for (const address of [new PciAddress(0, 0, 1, 0), new PciAddress(0, 7, 0, 0)]) {
      assert.throws(
        () => {
          machine.inject(address, { fault: 'removed' });
        },
        { code: 'FUNCTION_NOT_FOUND' },
      );
    }
  });

  test('writes to configuration space are told, with their widths, until nobody listens', () => {
    const { machine, fn } = behindBridge();
    const writes: unknown[] = [];
    const watch = machine.watchConfig(AT, (write) => writes.push(write));
    fn.config.write(COMMAND, 2, 7);
    fn.config.write(0x3c, 1, 0x10b);
    watch[Symbol.dispose]();
    fn.config.write(0x3c, 1, 0);
    assert.deepEqual(writes, [
      { offset: 4, width: 2, value: 7 },
      { offset: 0x3c, width: 1, value: 0x10b },
    ]);
  });
});

describe('host drivers', () => {
  test('bind and unbind as hosts do it', async () => {
    const { machine } = behindBridge();
    const { drivers } = machine;
    assert.deepEqual(drivers.binding(AT), { driver: 'probing', override: undefined });
    await assert.rejects(drivers.bind(AT, 'pciback'), { code: 'DRIVER_BUSY' });
    await assert.rejects(drivers.bind(AT, 'nouveau'), { code: 'DRIVER_NOT_LOADED' });
    await drivers.unbind(AT);
    await drivers.unbind(AT);
    assert.equal(machine.list()[1]?.driver, undefined);
    await drivers.setOverride(AT, 'vfio-pci');
    await assert.rejects(drivers.bind(AT, 'pciback'), { code: 'DRIVER_REFUSED' });
    await drivers.bind(AT, 'vfio-pci');
    assert.deepEqual(drivers.binding(AT), { driver: 'vfio-pci', override: 'vfio-pci' });
    await drivers.setOverride(AT, undefined);
    await drivers.unbind(AT);
    await drivers.bind(AT, 'probing');
    await drivers.bind(AT, 'probing');
    assert.equal(machine.list()[1]?.driver, 'probing');
  });

  test('a driver does not bind what it does not know, and nobody binds nothing', async () => {
    const machine = new SimMachine(undefined, { clock: 'manual' });
    const edu = new PciAddress(0, 1, 0, 0);
    await machine.drivers.unbind(edu);
    await assert.rejects(machine.drivers.bind(edu, 'testdev'), { code: 'DRIVER_REFUSED' });
    await machine.drivers.setOverride(edu, 'testdev');
    await machine.drivers.bind(edu, 'testdev');
    await assert.rejects(machine.drivers.bind(new PciAddress(0, 9, 0, 0), 'pciback'), {
      code: 'FUNCTION_NOT_FOUND',
    });
  });
});
