/** Interrupts that a UIO file counts, on a pipe whose other end is the kernel: it writes its count, 4 bytes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CountedStream } from '../../../src/function/index.js';
import { UioEvents } from '../../../src/machines/linux/uio/uio-events.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-uio-events-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const PIPE = join(folder, 'uio0');
assert.equal(spawnSync('mkfifo', [PIPE]).status, 0);

/** `count` is what the kernel has counted when the file is opened. */
function kernel(count = 0) {
  const fd = openSync(PIPE, constants.O_RDONLY | constants.O_NONBLOCK);
  const end = openSync(PIPE, constants.O_WRONLY);
  let unmasked = 0;
  let present = true;
  const events = new UioEvents({ fd, path: '/dev/uio0', count, device: 'isa:0x3f8' });
  return {
    events,
    unmasked: () => unmasked,
    tell(total: number) {
      writeSync(end, Uint32Array.of(total));
    },
    /** From now on the file cannot be read. */
    vanish() {
      if (present) closeSync(end);
      present = false;
    },
    stream: () =>
      new CountedStream(
        { kind: 'intx' },
        events.counter(() => unmasked++),
        () => undefined,
      ),
    [Symbol.dispose]() {
      this.vanish();
      closeSync(fd);
    },
  };
}

describe('interrupts of a UIO file', () => {
  test('are what was counted since the last read, the first time since it was opened', () => {
    using device = kernel(41);
    const stream = device.stream();
    assert.equal(device.unmasked(), 1);
    assert.equal(stream.wait(0), undefined);
    device.tell(44);
    assert.deepEqual(stream.wait(1000), { source: { kind: 'intx' }, count: 3 });
    assert.equal(device.unmasked(), 1);
    device.tell(45);
    assert.equal(stream.wait(1000)?.count, 1);
    assert.equal(device.unmasked(), 2);
    stream.close();
    assert.equal(device.unmasked(), 3);
  });

  test('go on over the end of the kernel’s 32 bits', () => {
    using device = kernel(0xffff_fffe);
    const stream = device.stream();
    device.tell(3);
    assert.equal(stream.wait(1000)?.count, 5);
    stream.close();
  });

  test('that came while nobody listened are nobody’s', () => {
    using device = kernel();
    device.stream().close();
    device.tell(7);
    const stream = device.stream();
    assert.equal(stream.wait(0), undefined);
    device.tell(8);
    assert.equal(stream.wait(1000)?.count, 1);
    stream.close();
  });

  test('of a device that vanishes end in an error for who awaits them, and for who blocks', async () => {
    using device = kernel();
    const stream = device.stream();
    const pending = stream[Symbol.asyncIterator]().next();
    device.vanish();
    await assert.rejects(pending, { code: 'INTERRUPT_FAILED', message: /isa:0x3f8.*EIO/ });
    assert.throws(() => stream.wait(1000), { code: 'INTERRUPT_FAILED' });
    stream.close();
    assert.equal(stream.wait(0), undefined);
  });
});
