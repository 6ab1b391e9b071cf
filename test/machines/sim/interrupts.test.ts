/** Interrupts of the simulator: lines that are shared, messages that are checked, and streams for programs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Interrupt, PciFunction } from '../../../src/function/index.js';
import { PciAddress, walkCapabilities } from '../../../src/pci/index.js';
import {
  MachineMessagesError,
  parseMachine,
  SimMachine,
  type FunctionShape,
} from '../../../src/machines/sim/index.js';
import { FULL_SHAPE, ProbeKind } from './probe.js';

const COMMAND = 0x04;
const STATUS_INTX = 0x08;
const MSI = 0x05;
const MSIX = 0x11;

function machineOf(
  text: string,
  shapes: Readonly<Record<string, readonly FunctionShape[]>> = { full: [FULL_SHAPE] },
) {
  const kind = new ProbeKind(shapes);
  const machine = new SimMachine(parseMachine(text), { kinds: [kind], clock: 'manual' });
  return { machine, kind };
}

function oneProbe() {
  const { machine, kind } = machineOf('roots: [{slots: [{slot: "02", model: probe}]}]');
  const fn = machine.open(new PciAddress(0, 0, 2, 0));
  fn.config.write(COMMAND, 2, 7);
  return { machine, fn, probe: kind.probe() };
}

function capability(fn: PciFunction, id: number): number {
  const entry = walkCapabilities(fn.config).entries.find((found) => found.id === id);
  assert.ok(entry);
  return entry.offset;
}

describe('lines', () => {
  test('pins are swizzled through bridges onto four lines', () => {
    const pins = ([1, 2, 3, 4] as const).map((pin) => ({ ...FULL_SHAPE, pin }));
    const { machine } = machineOf(
      `roots:
        - slots:
            - {slot: "00", model: probe}
            - {slot: "07", model: probe}
            - slot: "02"
              bridge: {}
              bus: [{slot: "01", model: probe}]`,
      { full: pins },
    );
    const lines = new Map(
      machine.list().map(({ address }) => [String(address), machine.open(address).interruptLine]),
    );
    const of = (slot: string) => [0, 1, 2, 3].map((fn) => lines.get(`0000:${slot}.${fn}`));
    assert.deepEqual(of('00:00'), [16, 17, 18, 19]);
    // Device 7: three places further.
    assert.deepEqual(of('00:07'), [19, 16, 17, 18]);
    // Device 1 behind device 2: INTA becomes INTB of the bridge.
    assert.deepEqual(of('01:01'), [19, 16, 17, 18]);
    assert.equal(lines.get('0000:00:02.0'), undefined);
  });

  test('a line is high while any of its pins is, and told of only when it changes', () => {
    const { machine, kind } = machineOf(
      'roots: [{slots: [{slot: "01", model: probe}, {slot: "05", model: probe}]}]',
    );
    const levels: boolean[] = [];
    const watch = machine.host.watchLine(17, (level) => levels.push(level));
    const [one, two] = [kind.probe(0).bus, kind.probe(1).bus];
    one.setPin(true);
    one.setPin(true);
    two.setPin(true);
    one.setPin(false);
    assert.deepEqual(levels, [true]);
    assert.equal(machine.host.lineLevel(17), true);
    two.setPin(false);
    assert.deepEqual(levels, [true, false]);
    assert.equal(machine.host.lineLevel(17), false);
    watch[Symbol.dispose]();
    one.setPin(true);
    assert.equal(levels.length, 2);
  });

  test('Status shows the pin, not while messages are on; INTx disable keeps it from the line', () => {
    const { machine, fn, probe } = oneProbe();
    const level = () => machine.host.lineLevel(fn.interruptLine ?? 0);
    const status = () => fn.config.read(6, 2) & STATUS_INTX;
    probe.bus.setPin(true);
    assert.deepEqual([status(), level()], [STATUS_INTX, true]);
    fn.config.write(COMMAND, 2, 0x407);
    assert.deepEqual([status(), level()], [STATUS_INTX, false]);
    fn.config.write(COMMAND, 2, 7);
    assert.equal(level(), true);
    const control = capability(fn, MSI) + 2;
    fn.config.write(control, 2, 1);
    assert.deepEqual([status(), level(), probe.bus.messages], [0, false, 'msi']);
    fn.config.write(control, 2, 0);
    assert.equal(level(), true);
    probe.bus.setPin(false);
    assert.deepEqual([status(), level()], [0, false]);
  });

  test('a pin that is held while its bus gets another number is let go', () => {
    const { machine, kind } = machineOf(
      'roots: [{slots: [{slot: "01", bridge: {}, bus: [{slot: "00", model: probe}]}]}]',
    );
    using bridge = machine.open(new PciAddress(0, 0, 1, 0));
    kind.probe().bus.setPin(true);
    assert.equal(machine.host.lineLevel(17), true);
    bridge.config.write(0x1a, 1, 5);
    bridge.config.write(0x19, 1, 5);
    kind.probe().bus.setPin(false);
    assert.equal(machine.host.lineLevel(17), false);
  });
});

describe('messages', () => {
  /** MSI for one vector to a target of the host. */
  function program(fn: PciFunction, target: { address: number; data: number }) {
    const base = capability(fn, MSI);
    fn.config.write(base + 4, 4, target.address);
    fn.config.write(base + 8, 4, 0);
    fn.config.write(base + 12, 2, target.data);
    fn.config.write(base + 2, 2, 1);
  }

  test('a message reaches its listener, from its requester alone', () => {
    const { machine, kind } = machineOf(
      'roots: [{slots: [{slot: "02", model: probe}, {slot: "03", model: probe}]}]',
    );
    const faults: unknown[] = [];
    machine.host.onFault(({ requester, access, why }) => faults.push([String(requester), access, why]));
    using fn = machine.open(new PciAddress(0, 0, 2, 0));
    using other = machine.open(new PciAddress(0, 0, 3, 0));
    let count = 0;
    const target = machine.host.allocateMessage(fn.address, () => count++);
    for (const one of [fn, other]) {
      one.config.write(COMMAND, 2, 7);
      program(one, target);
    }
    kind.probe(0).bus.message(0);
    assert.equal(count, 1);
    kind.probe(1).bus.message(0);
    assert.equal(count, 1);
    target.free();
    target.free();
    kind.probe(0).bus.message(0);
    assert.deepEqual(faults, [
      ['0000:00:03.0', 'message', 'not_allowed'],
      ['0000:00:02.0', 'message', 'unmapped'],
    ]);
    assert.equal(count, 1);
  });

  test('without bus mastering there is no message, but a fault', () => {
    const { machine, fn, probe } = oneProbe();
    const target = machine.host.allocateMessage(fn.address, () => assert.fail('arrived'));
    program(fn, target);
    fn.config.write(COMMAND, 2, 3);
    probe.bus.message(0);
    assert.deepEqual(
      machine.iommuFaults.recent.map(({ why, access }) => [why, access]),
      [['bus_master_off', 'message']],
    );
  });

  test('with nothing switched on a message is nothing', () => {
    const { machine, probe } = oneProbe();
    probe.bus.message(0);
    assert.equal(machine.iommuFaults.count, 0);
  });

  test('a message to an address of memory is a write of 4 bytes there', () => {
    const { machine, fn, probe } = oneProbe();
    const memory = machine.host.allocateMemory(4096);
    const context = machine.host.createContext('test');
    machine.host.assignContext(fn.address, context);
    const base = capability(fn, MSI);
    fn.config.write(base + 4, 4, 0x5008);
    fn.config.write(base + 12, 2, 0x4321);
    fn.config.write(base + 2, 2, 1);
    context.map(0x5000n as never, memory.base, 4096, { read: false, write: true });
    probe.bus.message(0);
    assert.deepEqual([...new Uint8Array(memory.buffer, 8, 4)], [0x21, 0x43, 0, 0]);
  });

  test('a DMA write of 4 bytes to the range of messages is one; any other is a fault', () => {
    const { machine, fn, probe } = oneProbe();
    let count = 0;
    const target = machine.host.allocateMessage(fn.address, () => count++);
    const word = Uint8Array.of(target.data & 0xff, target.data >> 8, 0, 0);
    const iova = BigInt(target.address) as never;
    assert.equal(probe.bus.dmaWrite(iova, word), 'done');
    assert.equal(count, 1);
    assert.equal(probe.bus.dmaWrite(iova, word.subarray(0, 2)), 'fault');
    assert.equal(probe.bus.dmaRead(iova, word), 'fault');
    assert.equal(count, 1);
  });

  test('all messages of the machine taken: the next is refused, and freed ones come back', () => {
    const { machine, fn } = oneProbe();
    const targets = Array.from({ length: 0x1_0000 }, () =>
      machine.host.allocateMessage(fn.address, () => undefined),
    );
    assert.equal(new Set(targets.map(({ data }) => data)).size, 0x1_0000);
    assert.throws(() => machine.host.allocateMessage(fn.address, () => undefined), MachineMessagesError);
    const { interrupts } = fn;
    assert.throws(() => interrupts?.open({ kind: 'msix', vector: 0 }), MachineMessagesError);
    interrupts?.open({ kind: 'intx' })[Symbol.dispose]();
    targets[1234]?.free();
    assert.equal(machine.host.allocateMessage(fn.address, () => undefined).data, targets[1234]?.data);
  });
});

describe('MSI-X', () => {
  test('table and pending bits are the machine’s, and the model never sees them', () => {
    const { fn, probe } = oneProbe();
    const region = fn.openRegion(0);
    region.write32(0x2000, 0xfee0_0007);
    region.write64(0x2008, 0x1_0000_4141n);
    assert.equal(region.read32(0x2000), 0xfee0_0004, 'address bits 1:0 are none');
    assert.equal(region.read16(0x2008), 0x4141);
    assert.equal(region.read8(0x200c), 1);
    region.write32(0x3000, 0xffff_ffff);
    assert.equal(region.read64(0x3000), 0n, 'pending bits are not written');
    region.write32(0x2050, 5);
    assert.equal(region.read32(0x2050), 5, 'behind the last entry the model has it');
    assert.deepEqual(
      probe.writes.map(({ offset }) => offset),
      [0x2050],
    );
  });

  test('a masked vector is pending until it is unmasked, by entry or by function', () => {
    const { machine, fn, probe } = oneProbe();
    const region = fn.openRegion(0);
    let count = 0;
    const target = machine.host.allocateMessage(fn.address, () => count++);
    const control = capability(fn, MSIX) + 2;
    fn.config.write(control, 2, 0x8000);
    assert.equal(probe.bus.messages, 'msix');
    for (const vector of [1, 3]) {
      region.write32(0x2000 + 16 * vector, target.address);
      region.write32(0x2008 + 16 * vector, target.data);
      probe.bus.message(vector);
      probe.bus.message(vector);
    }
    assert.equal(region.read32(0x3000), 0b1010);
    region.write32(0x200c + 16 * 3, 0);
    assert.deepEqual([count, region.read32(0x3000)], [1, 0b0010]);
    fn.config.write(control, 2, 0xc000);
    region.write32(0x200c + 16, 0);
    probe.bus.message(3);
    assert.deepEqual([count, region.read32(0x3000)], [1, 0b1010]);
    fn.config.write(control, 2, 0x8000);
    assert.deepEqual([count, region.read32(0x3000)], [3, 0]);
    assert.throws(() => {
      probe.bus.message(5);
    }, RangeError);
  });
});

describe('streams', () => {
  test('INTx: taking the next one acknowledges; a level that stays raises again', () => {
    const { fn, probe } = oneProbe();
    using stream = fn.interrupts?.open({ kind: 'intx' });
    assert.ok(stream);
    assert.equal(stream.wait(1), undefined);
    probe.bus.after(5e5, () => {
      probe.bus.setPin(true);
    });
    assert.deepEqual(stream.wait(1), { source: { kind: 'intx' }, count: 1 });
    assert.deepEqual(stream.wait(1), { source: { kind: 'intx' }, count: 1 }, 'the device was not served');
    probe.bus.setPin(false);
    assert.equal(stream.wait(1), undefined);
    probe.bus.setPin(true);
    probe.bus.setPin(false);
    probe.bus.setPin(true);
    assert.equal(stream.wait(1)?.count, 1, 'masked from the first one on');
  });

  test('INTx: a pin that is shared does not wake the other function’s program', () => {
    const { machine, kind } = machineOf(
      'roots: [{slots: [{slot: "01", model: probe}, {slot: "05", model: probe}]}]',
    );
    using one = machine.open(new PciAddress(0, 0, 1, 0));
    using two = machine.open(new PciAddress(0, 0, 5, 0));
    assert.equal(one.interruptLine, two.interruptLine);
    using stream = one.interrupts?.open({ kind: 'intx' });
    kind.probe(1).bus.setPin(true);
    assert.equal(stream?.wait(1), undefined);
  });

  test('MSI: each vector has its stream, and counts', () => {
    const { fn, probe } = oneProbe();
    assert.deepEqual(fn.interrupts?.available, { intx: 1, msi: 8, msix: 5 });
    using zero = fn.interrupts.open({ kind: 'msi', vector: 0 });
    using seven = fn.interrupts.open({ kind: 'msi', vector: 7 });
    probe.bus.message(7);
    probe.bus.message(7);
    probe.bus.message(7);
    assert.deepEqual(seven.wait(0), { source: { kind: 'msi', vector: 7 }, count: 3 });
    assert.equal(zero.wait(0), undefined);
    // Nobody listens to vector 2: it is masked, and pending until somebody does.
    probe.bus.message(2);
    using two = fn.interrupts.open({ kind: 'msi', vector: 2 });
    assert.equal(two.wait(0)?.count, 1);
  });

  test('MSI: fewer vectors granted, the low bits of the number count', () => {
    const { machine, fn, probe } = oneProbe();
    const seen: number[] = [];
    const targets = [0, 1].map((index) => machine.host.allocateMessage(fn.address, () => seen.push(index)));
    const base = capability(fn, MSI);
    const [first] = targets;
    assert.ok(first !== undefined && first.data % 2 === 0);
    fn.config.write(base + 4, 4, first.address);
    fn.config.write(base + 12, 2, first.data);
    fn.config.write(base + 2, 2, 0x0011);
    for (const vector of [0, 1, 6, 7]) probe.bus.message(vector);
    assert.deepEqual(seen, [0, 1, 0, 1]);
  });

  test('MSI-X: streams program the table, and leave it as it was', () => {
    const { fn, probe } = oneProbe();
    const region = fn.openRegion(0);
    const stream = fn.interrupts?.open({ kind: 'msix', vector: 4 });
    assert.equal(region.read32(0x204c), 0);
    probe.bus.message(4);
    assert.deepEqual(stream?.wait(0), { source: { kind: 'msix', vector: 4 }, count: 1 });
    stream?.[Symbol.dispose]();
    assert.equal(region.read32(0x204c), 1);
    assert.equal(fn.config.read(capability(fn, MSIX) + 2, 2), 4, 'switched off');
    assert.equal(stream?.wait(1), undefined);
  });

  test('what is not there, and what is open, is refused', () => {
    const { machine, fn } = oneProbe();
    const other = machine.open(fn.address);
    assert.ok(fn.interrupts !== undefined && other.interrupts !== undefined);
    const { interrupts } = fn;
    assert.throws(() => interrupts.open({ kind: 'msi', vector: 8 }), { code: 'INTERRUPT_ABSENT' });
    assert.throws(() => interrupts.open({ kind: 'msix', vector: -1 }), { code: 'INTERRUPT_ABSENT' });
    const stream = interrupts.open({ kind: 'msix', vector: 0 });
    const rival = other.interrupts;
    assert.throws(() => rival.open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_TAKEN' });
    assert.throws(() => rival.open({ kind: 'intx' }), { code: 'INTERRUPT_TAKEN' });
    rival.open({ kind: 'msix', vector: 1 });
    stream[Symbol.dispose]();
    other.close();
    interrupts.open({ kind: 'intx' });
    fn.close();
    assert.throws(() => interrupts.open({ kind: 'intx' }), { code: 'FUNCTION_CLOSED' });
  });

  test('an iteration takes what came before it, then waits, and ends with the stream', async () => {
    const { fn, probe, machine } = oneProbe();
    const stream = fn.interrupts?.open({ kind: 'msi', vector: 1 });
    assert.ok(stream);
    const taken: Interrupt[] = [];
    probe.bus.message(1);
    const reader = (async () => {
      for await (const interrupt of stream) taken.push(interrupt);
      return 'ended';
    })();
    await Promise.resolve();
    probe.bus.after(10, () => {
      probe.bus.message(1);
      probe.bus.message(1);
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      taken.map(({ count }) => count),
      [1],
    );
    machine.clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      taken.map(({ count }) => count),
      [1, 2],
    );
    fn.close();
    assert.equal(await reader, 'ended');
    probe.bus.message(1);
    assert.equal(machine.iommuFaults.count, 0, 'the capability was switched off');
  });

  test('after a reset the open streams still hear', async () => {
    const { fn, probe } = oneProbe();
    using msix = fn.interrupts?.open({ kind: 'msix', vector: 2 });
    assert.equal(await fn.reset(), 'pm');
    probe.bus.message(2);
    assert.equal(msix?.wait(0)?.count, 1);
  });

  test('on the wall clock an awaited interrupt comes by itself', async () => {
    const kind = new ProbeKind();
    using machine = new SimMachine(
      { roots: [{ slots: [{ slot: '02', model: 'probe' }] }] },
      { kinds: [kind] },
    );
    using fn = machine.open(new PciAddress(0, 0, 2, 0));
    fn.config.write(COMMAND, 2, 7);
    using stream = fn.interrupts?.open({ kind: 'msi', vector: 0 });
    assert.ok(stream);
    const { bus } = kind.probe();
    bus.after(3e6, () => {
      bus.message(0);
    });
    for await (const { count } of stream) {
      assert.equal(count, 1);
      break;
    }
    assert.ok(bus.now >= 3e6);
  });
});
