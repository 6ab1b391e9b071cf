/**
 * Output to a terminal without a state between two writes. What Ctrl-C ends in the middle of its output leaves a stream
 * of Node's in the middle of a write: everything after that, the prompt too, would wait for that write's end for ever.
 */
import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** Bounds how long a terminal that takes nothing now, for somebody has made it non-blocking, is left alone. */
const PAUSE_MS = 5;

const EMPTY = new Int32Array(new SharedArrayBuffer(4));

type Written = (error?: Error | null) => void;

/** Every write of this stream, whoever makes it, is a system call of its own from now on. */
export function writeAtOnce(stream: WriteStream & { readonly fd: number }): void {
  const write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Written, written?: Written) => {
    const done = typeof encoding === 'function' ? encoding : written;
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
        : chunk;
    let failure: Error | undefined;
    try {
      writeAll(stream.fd, bytes);
    } catch (cause) {
      failure = cause as NodeJS.ErrnoException;
    }
    // As streams do it: nobody hears of his write's end before it has returned.
    if (done !== undefined) process.nextTick(done, failure);
    if (failure !== undefined) process.nextTick(() => stream.emit('error', failure));
    return failure === undefined;
  };
  Object.assign(stream, { write });
}

/** @throws {NodeJS.ErrnoException} the terminal is gone. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
      Atomics.wait(EMPTY, 0, 0, PAUSE_MS);
    }
  }
}
