/** Interrupt files over the simulated machine: what a read counts, when a level comes through again, who is woken and how. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, test } from 'node:test';
import type { Interrupt, PciFunction, Region } from '../../../src/function/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { until } from '../../until.js';
import {
  FileError,
  FunctionFolder,
  interruptFiles,
  type Errno,
  type OpenFile,
  type PendingRead,
} from '../../../src/proto/index.js';

const SLOT = new PciAddress(0, 0, 3, 0);
const caller = { pid: process.pid, uid: 0, gid: 0 };
const MEMORY_AND_MASTER = 6;
/** edu: writes raise and lower its interrupt. */
const RAISE = 0x60;
const LOWER = 0x64;
/** _IOWR('h', 128, { u32 signal; u32 reserved; u64 value }) */
const SIGNAL = 0xc010_6880;
const SIGUSR2 = 12;

function refusal(errno: string) {
  return (error: unknown) => error instanceof FileError && error.errno === errno;
}

/** Lets promises settle. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A device whose interrupts a test raises, its folder, and its registers. */
function device(model = 'edu') {
  const machine = new SimMachine(parseMachine(`roots: [{slots: [{slot: "03", model: ${model}}]}]`), {
    clock: 'manual',
  });
  const folder = new FunctionFolder(SLOT, () => machine.open(SLOT), [interruptFiles]);
  const fn = machine.open(SLOT);
  fn.config.write(4, 2, MEMORY_AND_MASTER);
  const region: Region = fn.openRegion(0);
  return { machine, folder, region, open: (name: string) => openFile(folder, name) };
}

function openFile(folder: FunctionFolder, name: string): OpenFile {
  const file = folder.files.find((one) => one.name === name);
  assert.ok(file !== undefined, `there is no ${name}`);
  return file.open(caller);
}

/** A read as the kernel's side has it: answered at once, or later, or refused. */
class Read implements PendingRead {
  #count: bigint | undefined;
  #errno: Errno | undefined;
  #gone: (() => void) | undefined;
  /** The caller does not wait any more, and the server does not know yet. */
  interrupted = false;

  constructor(file: OpenFile, bytes: 4 | 8) {
    const into = new Uint8Array(bytes);
    const result = file.read(0, into, this, false);
    if (result === 'later') return;
    assert.equal(result, bytes);
    this.answer(into);
  }

  answer(data: Uint8Array): boolean {
    if (this.interrupted) return false;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    this.#count = data.length === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
    return true;
  }

  fail(errno: Errno): void {
    this.#errno = errno;
  }

  onGone(gone: () => void): void {
    this.#gone = gone;
  }

  /** What the session does when the caller got a signal. */
  interrupt(): void {
    this.fail('EINTR');
    this.#gone?.();
  }

  /** The count, the errno, or that it waits. */
  get outcome(): number | Errno | 'waits' {
    return this.#errno ?? (this.#count === undefined ? 'waits' : Number(this.#count));
  }
}

/** A read that must not wait. @throws {FileError} */
function count(file: OpenFile, bytes: 4 | 8 = 4): number {
  const into = new Uint8Array(bytes);
  const never = { answer: () => assert.fail(), fail: () => assert.fail(), onGone: () => assert.fail() };
  assert.equal(file.read(0, into, never, true), bytes);
  const view = new DataView(into.buffer);
  return bytes === 8 ? Number(view.getBigUint64(0, true)) : view.getUint32(0, true);
}

function acknowledge(file: OpenFile, value = 1): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return file.write(0, bytes);
}

describe('interrupt files', () => {
  test('are there for each vector, and the kinds exclude each other', () => {
    const { folder, open } = device('vectors, options: {vectors: 65}');
    assert.deepEqual(
      folder.files.map(({ name }) => name),
      Array.from({ length: 65 }, (_, vector) => `msix${vector}`),
    );
    const all = folder.files.map(({ name }) => open(name));
    assert.throws(() => open('msix64'), refusal('EBUSY'));
    for (const file of all) file.release();
    const edu = device();
    assert.deepEqual(
      edu.folder.files.map(({ name, size }) => [name, size]),
      [
        ['intx', 0],
        ['msi0', 0],
      ],
    );
    const msi = edu.open('msi0');
    assert.throws(
      () => edu.open('intx'),
      (error) =>
        error instanceof FileError && error.errno === 'EBUSY' && error.message.includes('msi is open'),
    );
    msi.release();
    edu.open('intx').release();
    assert.deepEqual(edu.folder.holders, []);
  });

  test('a read has 4 or 8 bytes, a write 4 with the number 1', () => {
    const { open } = device();
    const file = open('intx');
    const pending = { answer: () => true, fail: () => undefined, onGone: () => undefined };
    for (const bytes of [0, 1, 2, 3, 5, 16])
      assert.throws(() => file.read(0, new Uint8Array(bytes), pending, false), refusal('EINVAL'));
    for (const bytes of [0, 1, 3, 8])
      assert.throws(() => file.write(0, new Uint8Array(bytes)), refusal('EINVAL'));
    assert.throws(() => acknowledge(file, 0), refusal('EINVAL'));
    assert.equal(acknowledge(file), 4);
    assert.throws(() => file.ioctl?.(0xc010_6801, new Uint8Array(16), caller), refusal('EINVAL'));
    assert.throws(() => file.ioctl?.(0xc058_6802, new Uint8Array(88), caller), refusal('EINVAL'));
    assert.throws(() => file.ioctl?.(0xc010_6803, new Uint8Array(16), caller), refusal('ENOTTY'));
    file.release();
  });

  test('messages are counted until they are read, and wake who polls once', async () => {
    const { region, open } = device();
    const file = open('msi0');
    let wakes = 0;
    file.onReadable?.(() => wakes++);
    assert.equal(file.readable, false);
    assert.throws(() => count(file), refusal('EAGAIN'));
    for (let raised = 0; raised < 5; raised++) {
      region.write32(RAISE, 1);
      region.write32(LOWER, 1);
      await turn();
    }
    assert.deepEqual([file.readable, wakes], [true, 1]);
    assert.equal(count(file, 8), 5);
    assert.deepEqual([file.readable, wakes], [false, 1]);
    const read = new Read(file, 4);
    assert.equal(read.outcome, 'waits');
    region.write32(RAISE, 1);
    await turn();
    assert.deepEqual([read.outcome, file.readable, wakes], [1, false, 1]);
    file.release();
  });

  test('of several reads that wait, the first is answered; one that was interrupted takes nothing', async () => {
    const { region, open } = device('vectors');
    const file = open('msix0');
    const [one, two, three] = [new Read(file, 4), new Read(file, 4), new Read(file, 8)];
    one.interrupt();
    two.interrupted = true;
    region.write32(0, 0);
    await turn();
    assert.deepEqual([one.outcome, two.outcome, three.outcome], ['EINTR', 'waits', 1]);
    const four = new Read(file, 4);
    four.interrupted = true;
    region.write32(0, 0);
    await turn();
    assert.deepEqual([four.outcome, file.readable], ['waits', true]);
    assert.equal(count(file), 1);
    file.release();
  });

  test('a level stays masked from the interrupt on until it is acknowledged, by a write or the next read', async () => {
    const { region, open } = device();
    const file = open('intx');
    let wakes = 0;
    file.onReadable?.(() => wakes++);
    region.write32(RAISE, 1);
    await turn();
    // An acknowledgement of what was not read yet is none.
    acknowledge(file);
    await turn();
    assert.deepEqual([count(file), wakes], [1, 1]);
    await turn();
    assert.deepEqual([file.readable, wakes], [false, 1], 'the level is still high');
    acknowledge(file);
    await turn();
    assert.deepEqual([count(file), wakes], [1, 2], 'and comes again');
    region.write32(LOWER, 1);
    acknowledge(file);
    await turn();
    assert.deepEqual([file.readable, wakes], [false, 2]);
    region.write32(RAISE, 1);
    await turn();
    assert.equal(count(file), 1);
    const read = new Read(file, 4);
    await turn();
    assert.equal(read.outcome, 1, 'asking for the next one acknowledged it');
    file.release();
    assert.equal(region.read32(0x24), 1, 'the cause is the program’s to take away');
  });

  test('open switches the source on, and release off', async () => {
    const { machine, region, open } = device();
    using fn = machine.open(SLOT);
    const msi = () => (fn.config.read(0x42, 2) & 1) === 1;
    assert.equal(msi(), false);
    const file = open('msi0');
    assert.equal(msi(), true);
    const read = new Read(file, 4);
    file.release();
    assert.equal(msi(), false);
    assert.equal(read.outcome, 'ENXIO');
    region.write32(RAISE, 1);
    await turn();
    open('msi0').release();
  });

  test('who waits is told when the function is taken away', async () => {
    const { folder, region, open } = device();
    const file = open('msi0');
    let wakes = 0;
    file.onReadable?.(() => wakes++);
    const read = new Read(file, 4);
    folder.remove();
    assert.deepEqual([read.outcome, file.readable, wakes], ['ENXIO', true, 1]);
    assert.throws(() => count(file), refusal('ENXIO'));
    assert.throws(() => acknowledge(file), refusal('ENXIO'));
    region.write32(RAISE, 1);
    await turn();
    file.release();
  });

  test('a million interrupts are counted, none is lost, and memory stays flat', async () => {
    const { region, open } = device('vectors');
    const file = open('msix0');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let total = 0;
    let used = 0;
    for (let round = 0; round < 1000; round++) {
      for (let raised = 0; raised < 1000; raised++) region.write32(0, 0);
      if (round % 10 === 9) await turn();
      if (round % 100 === 99) total += count(file, 8);
      if (round !== 99) continue;
      collect();
      used = process.memoryUsage().heapUsed;
    }
    collect();
    assert.equal(total, 1_000_000);
    const grown = process.memoryUsage().heapUsed - used;
    assert.ok(grown < 2 ** 20, `${grown} bytes more after 900000 interrupts`);
    file.release();
  });

  test('what does not fit into 4 bytes is told by the next read', async () => {
    const { machine } = device();
    const many = 2 ** 32 + 5;
    // No device of ours raises as many in a test's time: the port's own interface, with a count at hand.
    const folder = new FunctionFolder(SLOT, () => withCounts(machine.open(SLOT), [many]), [interruptFiles]);
    const file = openFile(folder, 'msi0');
    await turn();
    assert.deepEqual([count(file), count(file)], [0xffff_ffff, 6]);
    file.release();
    const again = openFile(folder, 'msi0');
    await turn();
    assert.equal(count(again, 8), many);
    again.release();
  });
});

/** A function whose interrupts come with these counts, and then no more. */
function withCounts(fn: PciFunction, counts: readonly number[]): PciFunction {
  const open = () => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    return {
      wait: () => undefined,
      async *[Symbol.asyncIterator](): AsyncGenerator<Interrupt> {
        for (const each of counts) yield { source: { kind: 'msi', vector: 0 }, count: each };
        await ended;
      },
      [Symbol.dispose]: () => {
        end();
      },
    };
  };
  const interrupts = { available: { intx: 0, msi: 1, msix: 0 }, open };
  return new Proxy(fn, {
    get: (target, name) => {
      if (name === 'interrupts') return interrupts;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('signals', () => {
  const ask = (file: OpenFile, signal: number, value = 0n, reserved = 0, pid = process.pid) => {
    const argument = new Uint8Array(16);
    const view = new DataView(argument.buffer);
    view.setUint32(0, signal, true);
    view.setUint32(4, reserved, true);
    view.setBigUint64(8, value, true);
    return file.ioctl?.(SIGNAL, argument, { ...caller, pid });
  };

  test('come each time that there is something to read, until they are ended', async () => {
    const { region, open } = device('vectors');
    const file = open('msix0');
    let signals = 0;
    const got = () => signals++;
    process.on('SIGUSR2', got);
    assert.equal(await ask(file, SIGUSR2), 0);
    for (let raised = 0; raised < 3; raised++) region.write32(0, 0);
    await until(() => signals === 1);
    assert.equal(count(file), 3);
    region.write32(0, 0);
    await until(() => signals === 2);
    await ask(file, 0);
    assert.equal(count(file), 1);
    region.write32(0, 0);
    await turn();
    await ask(file, SIGUSR2);
    await until(
      () => signals === 3,
      () => 'what waits already is told at once',
    );
    await turn();
    assert.equal(signals, 3, 'one each');
    file.release();
    process.off('SIGUSR2', got);
  });

  test('are refused for what is none, and for a process that the server cannot see', () => {
    const { open } = device();
    const file = open('intx');
    assert.throws(() => ask(file, 65), refusal('EINVAL'));
    assert.throws(() => ask(file, 12, 0n, 1), refusal('EINVAL'));
    assert.throws(() => ask(file, 12, 0n, 0, 0), refusal('EPERM'));
    file.release();
  });
});
