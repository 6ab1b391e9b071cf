/** Interrupts counted by files of the kernel's, and how VFIO's vectors are switched on. */
import assert from 'node:assert/strict';
import { closeSync, readdirSync, writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CountedStream, InterruptSources } from '../../../src/function/index.js';
import { FileCounter } from '../../../src/machines/counting-files/index.js';
import { VfioInterrupts } from '../../../src/machines/linux/vfio/vfio-interrupts.js';
import { openEventCounter, takeEvents } from '../../../src/os/index.js';
import { notations, OpenslotError } from '../../../src/pci/index.js';

const ADDRESS = notations.hex.parse('0000:01:00.0');
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;
const openFiles = () => readdirSync('/proc/self/fd').length;

/** A counter of the kernel's, which a device would be raised on. */
function eventCounter() {
  const fd = openEventCounter('a test');
  const bytes = Buffer.alloc(8);
  let acknowledged = 0;
  const counter = new FileCounter({
    fd,
    name: 'a test',
    read: () => takeEvents(fd),
    acknowledge: () => {
      acknowledged++;
    },
    close: () => {
      closeSync(fd);
    },
  });
  return {
    stream: new CountedStream({ kind: 'intx' }, counter, () => undefined),
    raise: (count = 1n) => {
      bytes.writeBigUInt64LE(count);
      writeSync(fd, bytes);
    },
    acknowledged: () => acknowledged,
  };
}

describe('a stream over an event counter', () => {
  test('counts what came, waits for what comes, and acknowledges when the next is asked for', () => {
    const { stream, raise, acknowledged } = eventCounter();
    assert.equal(stream.wait(0), undefined);
    raise();
    raise(2n);
    assert.deepEqual(stream.wait(1000), { source: { kind: 'intx' }, count: 3 });
    assert.equal(acknowledged(), 0);
    assert.equal(stream.wait(1), undefined);
    assert.equal(acknowledged(), 1);
    stream.close();
    assert.equal(stream.wait(1000), undefined);
  });

  test('a million raised at once are a million', async () => {
    const { stream, raise } = eventCounter();
    const iterator = stream[Symbol.asyncIterator]();
    const first = iterator.next();
    raise(1_000_000n);
    assert.deepEqual((await first).value, { source: { kind: 'intx' }, count: 1_000_000 });
    stream.close();
    assert.equal((await iterator.next()).done, true);
  });

  test('one that was taken by a wait that blocks is not told of again', async () => {
    const { stream, raise } = eventCounter();
    const iterator = stream[Symbol.asyncIterator]();
    const pending = iterator.next();
    raise();
    assert.equal(stream.wait(1000)?.count, 1);
    const idle = await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, 20, 'nothing'))]);
    assert.equal(idle, 'nothing');
    raise();
    const { value } = await pending;
    assert.equal(value?.count, 1);
    stream.close();
  });

  test('of two who wait one gets it, and the other goes on waiting until the stream ends', async () => {
    const { stream, raise } = eventCounter();
    const both = [0, 1].map(() => stream[Symbol.asyncIterator]().next());
    raise();
    assert.equal((await Promise.race(both)).value?.count, 1);
    stream.close();
    assert.deepEqual(
      (await Promise.all(both)).map(({ value }) => value?.count).filter((count) => count !== undefined),
      [1],
    );
  });

  test('closing ends who waits, and leaves no file open', async () => {
    const before = openFiles();
    const { stream } = eventCounter();
    const pending = stream[Symbol.asyncIterator]().next();
    stream.close();
    stream.close();
    assert.equal((await pending).done, true);
    assert.equal(openFiles(), before);
  });
});

interface Asked {
  readonly index: number;
  readonly start: number;
  /** Whether each vector has a counter. */
  readonly counters: readonly boolean[];
}

/** Answers as the kernel does: `offered` is how many vectors the host has. */
function device(vectors: number, canGrow: boolean, offered = vectors) {
  const asked: Asked[] = [];
  return {
    asked,
    interrupt: (index: number) => ({ count: index === 2 ? vectors : 1, canGrow }),
    setInterrupts: (request: Uint8Array) => {
      const fields = new DataView(request.buffer, request.byteOffset, request.byteLength);
      const count = fields.getUint32(16, true);
      const data = (fields.getUint32(4, true) & 4) === 0 ? 0 : count;
      asked.push({
        index: fields.getUint32(8, true),
        start: fields.getUint32(12, true),
        counters: Array.from({ length: data }, (_, vector) => fields.getInt32(20 + 4 * vector, true) >= 0),
      });
      return fields.getUint32(12, true) + count > offered ? offered : 0;
    },
  };
}

const msix = (vector: number) => ({ kind: 'msix', vector }) as const;

function sourcesOf(kernel: ReturnType<typeof device>): InterruptSources {
  return new InterruptSources(ADDRESS, new VfioInterrupts(ADDRESS, kernel, () => undefined));
}

describe('a stream that is closed', () => {
  test('lets go of what it holds, though its last interrupt cannot be acknowledged', () => {
    let counters = 1;
    let streams = 1;
    const stream = new CountedStream(
      { kind: 'intx' },
      {
        take: () => 1,
        wait: () => true,
        ready: () => Promise.resolve(),
        acknowledge: () => {
          throw new Error('the device has gone');
        },
        close: () => counters--,
      },
      () => streams--,
    );
    assert.equal(stream.wait(0)?.count, 1);
    assert.throws(() => {
      stream.close();
    }, /has gone/);
    assert.deepEqual([counters, streams], [0, 0]);
  });
});

describe('VFIO’s vectors', () => {
  test('all are switched on by the first where they cannot grow, so that no later one costs an interrupt', () => {
    const kernel = device(4, false);
    const sources = sourcesOf(kernel);
    const second = sources.open(msix(2), () => undefined);
    const first = sources.open(msix(0), () => undefined);
    second.close();
    first.close();
    assert.deepEqual(kernel.asked, [
      { index: 2, start: 0, counters: [false, false, true, false] },
      { index: 2, start: 0, counters: [true] },
      { index: 2, start: 2, counters: [false] },
      { index: 2, start: 0, counters: [] },
    ]);
  });

  test('one after the other where they can', () => {
    const kernel = device(2048, true);
    const sources = sourcesOf(kernel);
    using _five = sources.open(msix(5), () => undefined);
    using _one = sources.open(msix(1), () => undefined);
    assert.deepEqual(kernel.asked, [
      { index: 2, start: 5, counters: [true] },
      { index: 2, start: 1, counters: [true] },
    ]);
  });

  test('a host that has fewer gives those; what is above is refused, and leaves no file open', () => {
    const kernel = device(8, false, 2);
    const sources = sourcesOf(kernel);
    const files = openFiles();
    assert.throws(() => sources.open(msix(2), () => undefined), code('INTERRUPT_FAILED'));
    assert.equal(openFiles(), files);
    const stream = sources.open(msix(1), () => undefined);
    assert.deepEqual(kernel.asked.at(-1), { index: 2, start: 0, counters: [false, true] });
    assert.throws(() => sources.open(msix(2), () => undefined), code('INTERRUPT_FAILED'));
    stream.close();
    assert.equal(openFiles(), files);
  });

  test('kinds exclude each other until the last stream is closed', () => {
    const sources = sourcesOf(device(2, false));
    const stream = sources.open(msix(0), () => undefined);
    assert.throws(() => sources.open({ kind: 'intx' }, () => undefined), code('INTERRUPT_TAKEN'));
    assert.throws(() => sources.open(msix(0), () => undefined), code('INTERRUPT_TAKEN'));
    assert.throws(() => sources.open(msix(2), () => undefined), code('INTERRUPT_ABSENT'));
    stream.close();
    sources.open({ kind: 'intx' }, () => undefined).close();
  });
});
