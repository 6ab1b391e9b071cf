/** The program's view: what a function gives, what is said where it gives nothing, and what its release leaves behind. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Machine, PciFunction } from '../../src/function/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { clearingRegisters, eduRegisters, OpenslotError, PciAddress } from '../../src/pci/index.js';
import { openFunction } from '../../src/proto/program/index.js';

const EDU = new PciAddress(0, 0, 1, 0);
const CLEARING = new PciAddress(0, 0, 2, 0);
const TESTDEV = new PciAddress(0, 0, 4, 0);
const PORTS = 1;
const MEMORY = 2;
const BUS_MASTER = 4;

function makeMachine(): SimMachine {
  return new SimMachine(
    parseMachine(`
      roots:
        - slots:
            - {slot: "01", model: edu}
            - {slot: "02", model: clearing}
            - {slot: "03", model: nvme, driver: nvme, options: {size: 1048576}}
            - {slot: "04", model: testdev}
    `),
  );
}

function refused(code: string, act: () => unknown): OpenslotError {
  let refusal: unknown;
  assert.throws(act, (error: unknown) => {
    refusal = error;
    return error instanceof OpenslotError && error.code === code;
  });
  return refusal as OpenslotError;
}

function commandOf(machine: Machine, address: PciAddress): number {
  using fn = machine.open(address);
  return fn.config.read(4, 2);
}

describe('a function that a program has opened', () => {
  test('is driven by its registers, its interrupts and its memory', async () => {
    using machine = makeMachine();
    await using fn = openFunction(machine, EDU);
    assert.equal(fn.bar0.read32(0), 0x0100_00ed);
    const regs = fn.registers(eduRegisters);
    assert.equal(fn.busMaster, false);
    const arrivals = fn.interrupts.msi(0);
    assert.equal(fn.busMaster, true, 'messages are writes of the device');
    regs.status.interrupt_when_computed = true;
    regs.factorial.value = 10;
    for await (const { count } of arrivals) {
      assert.equal(count, 1);
      break;
    }
    assert.equal(regs.interrupt_status.factorial, true);
    assert.equal(regs.factorial.value, 3_628_800);
    regs.interrupt_acknowledge.value = 1;
    assert.deepEqual(regs.interrupt_status.read(), { value: 0, factorial: false, dma: false });

    using memory = await fn.dma.allocate(4096);
    memory.bytes.set([1, 2, 3, 4]);
    const transfer = async (source: bigint, destination: bigint, toMemory: boolean) => {
      regs.dma_source.value = source;
      regs.dma_destination.value = destination;
      regs.dma_count.value = 4n;
      const direction = toMemory ? 'device to memory' : 'memory to device';
      regs.dma_command.write({ run: true, direction, interrupt: true });
      // The loop that was left has lost nothing: it is the same stream.
      for await (const irq of fn.interrupts.msi(0)) {
        assert.deepEqual(irq.source, { kind: 'msi', vector: 0 });
        break;
      }
      regs.interrupt_acknowledge.value = regs.interrupt_status.value;
    };
    await transfer(memory.iova, 0x4_0000n, false);
    await transfer(0x4_0000n, memory.iova + 8n, true);
    assert.deepEqual([...memory.bytes.subarray(8, 12)], [1, 2, 3, 4]);
  });

  test('has one stream for each source, also after another of its name was closed twice', () => {
    using machine = makeMachine();
    using fn = openFunction(machine, EDU);
    const first = fn.interrupts.msi(0);
    first[Symbol.dispose]();
    const second = fn.interrupts.msi(0);
    first[Symbol.dispose]();
    assert.equal(fn.interrupts.msi(0), second);
  });

  test('says which BARs it has', () => {
    using machine = makeMachine();
    using fn = openFunction(machine, EDU);
    const { message, next } = refused('BAR_ABSENT', () => fn.bar3);
    assert.match(message, /0000:00:01\.0 has no BAR 3; it has BAR 0/);
    assert.equal(next, 'openslot show 0000:00:01.0');
    assert.equal(fn.bar0, fn.bar(0), 'opened once');
  });

  test('says that a machine gives neither interrupts nor DMA', () => {
    using machine = makeMachine();
    using fn = openFunction(
      portOf(machine, (port) => withoutInterruptsAndDma(port)),
      EDU,
    );
    refused('INTERRUPTS_ABSENT', () => fn.interrupts);
    refused('DMA_ABSENT', () => fn.dma);
  });

  test('is opened by nobody else, unless that is asked for', () => {
    using machine = makeMachine();
    const nvme = new PciAddress(0, 0, 3, 0);
    assert.match(refused('FUNCTION_DRIVEN', () => openFunction(machine, nvme)).message, /driver nvme/);
    using shared = openFunction(machine, nvme, { evenIfUsed: true });
    shared.busMaster = true;
    using edu = openFunction(machine, EDU);
    refused('FUNCTION_DRIVEN', () => openFunction(machine, EDU));
    edu.release();
    using _again = openFunction(machine, EDU);
  });
});

describe('its release', () => {
  test('leaves bus mastering, interrupts and a decoding that was off switched off', () => {
    using machine = makeMachine();
    using before = machine.open(EDU);
    before.setEnabled(false);
    const fn = openFunction(machine, EDU);
    assert.equal(commandOf(machine, EDU) & MEMORY, MEMORY);
    fn.busMaster = true;
    fn.interrupts.msi();
    assert.equal(msiEnabled(machine, EDU), true);
    fn.release();
    assert.equal(commandOf(machine, EDU) & (MEMORY | BUS_MASTER), 0);
    assert.equal(msiEnabled(machine, EDU), false);
    fn.release();
    fn[Symbol.dispose]();
    refused('REGION_CLOSED', () => {
      using again = openFunction(machine, EDU);
      const { bar0 } = again;
      again.release();
      bar0.read32(0);
    });
  });

  test('leaves what was decoded before decoded', () => {
    using machine = makeMachine();
    using before = machine.open(TESTDEV);
    before.config.write(4, 2, MEMORY);
    const fn = openFunction(machine, TESTDEV);
    assert.equal(commandOf(machine, TESTDEV) & (PORTS | MEMORY), PORTS | MEMORY);
    fn.release();
    assert.equal(commandOf(machine, TESTDEV) & (PORTS | MEMORY), MEMORY);
  });

  test('comes in order, and one step that fails stops none of the others', () => {
    using machine = makeMachine();
    const steps: string[] = [];
    const traced = portOf(machine, (port) => tracing(port, steps));
    const fn = openFunction(traced, EDU);
    fn.busMaster = true;
    fn.interrupts.intx();
    steps.length = 0;
    assert.throws(() => {
      fn.release();
    }, /the stream fails/);
    assert.deepEqual(steps, ['command 3', 'interrupts off', 'closed']);
    assert.equal(fn.isOpen, false);
    fn.release();
  });

  test('of one function is no business of another program’s', () => {
    using machine = makeMachine();
    using clearing = openFunction(machine, CLEARING);
    const edu = openFunction(machine, EDU);
    clearing.busMaster = edu.busMaster = true;
    edu.release();
    assert.equal(clearing.busMaster, true);
    assert.equal(clearing.registers(clearingRegisters).count.value, 0);
  });

  test('leaves no listener behind when nothing is held any more', () => {
    const listeners = () =>
      ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name));
    const before = listeners();
    using machine = makeMachine();
    const one = openFunction(machine, EDU);
    const other = openFunction(machine, CLEARING);
    assert.deepEqual(
      listeners(),
      before.map((count) => count + 1),
    );
    one.release();
    other.release();
    assert.deepEqual(listeners(), before);
  });
});

function msiEnabled(machine: Machine, address: PciAddress): boolean {
  using fn = machine.open(address);
  let at = fn.config.read(0x34, 1);
  while (fn.config.read(at, 1) !== 5) at = fn.config.read(at + 1, 1);
  return (fn.config.read(at + 2, 2) & 1) === 1;
}

/** The same machine with another port to its functions. */
function portOf(machine: Machine, change: (fn: PciFunction) => PciFunction): Machine {
  return {
    name: machine.name,
    capabilities: machine.capabilities,
    list: () => machine.list(),
    open: (address) => change(machine.open(address)),
    [Symbol.dispose]: () => undefined,
  };
}

function withoutInterruptsAndDma(fn: PciFunction): PciFunction {
  return Object.create(fn, {
    ...closings(fn),
    interrupts: { value: undefined },
    dma: { value: undefined },
    config: { value: fn.config },
    regions: { value: fn.regions },
    address: { value: fn.address },
  }) as PciFunction;
}

/** Tells of writes to Command, of streams that are closed (which fails), and of the end. */
function tracing(fn: PciFunction, steps: string[]): PciFunction {
  const { config, interrupts } = fn;
  return Object.create(fn, {
    ...closings(fn, () => steps.push('closed')),
    regions: { value: fn.regions },
    address: { value: fn.address },
    config: {
      value: {
        size: config.size,
        read: config.read.bind(config),
        write: (offset: number, width: 1 | 2 | 4, value: number) => {
          if (offset === 4) steps.push(`command ${value}`);
          config.write(offset, width, value);
        },
      },
    },
    interrupts: {
      value: {
        available: interrupts?.available,
        open: () => ({
          wait: () => undefined,
          [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
          [Symbol.dispose]: () => {
            steps.push('interrupts off');
            throw new Error('the stream fails');
          },
        }),
      },
    },
  }) as PciFunction;
}

function closings(fn: PciFunction, onClose: () => void = () => undefined): PropertyDescriptorMap {
  const close = () => {
    onClose();
    fn.close();
  };
  return { close: { value: close }, [Symbol.dispose]: { value: close } };
}
