/** Readiness of any pollable file descriptor: on the event loop, or by a wait that blocks and has an end. */
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type NativeFunction } from './library.js';

export interface Readiness {
  /** Stops watching; must come before the descriptor is closed. */
  close(): void;
  /** Whether the watch keeps the process running; a new one does. */
  keepAlive(on: boolean): void;
}

/** Calls `ready` on the event loop for as long as the descriptor has something to read (level triggered). */
export function onReadable(fd: number, ready: () => void): Readiness {
  const native = koffi('waiting for a device file');
  // At run time the callback gets (status, events); `ready` looks for itself and needs neither.
  const handle = native.node.poll(fd, { readable: true }, () => {
    ready();
  });
  return {
    close: () => handle.close(),
    keepAlive: (on) => {
      if (on) handle.ref();
      else handle.unref();
    },
  };
}

const POLLIN = 1;
/** poll(2) takes a signed 32-bit number of milliseconds. */
const LONGEST = 0x7fff_ffff;

let poll: NativeFunction | undefined;
/** struct pollfd { int fd; short events; short revents; } */
const descriptor = new Int32Array(2);

/**
 * Blocks this thread until the descriptor has something to read. Nothing can wake it before, so the time is its only
 * other end.
 * @returns false when the time has passed. @throws {SystemCallError}
 */
export function waitReadable(fd: number, milliseconds: number, subject: string): boolean {
  poll ??= systemLibrary().bind('int poll(void *fds, unsigned long nfds, int timeout)');
  const deadline = performance.now() + milliseconds;
  for (let left = milliseconds; ; left = deadline - performance.now()) {
    descriptor[0] = fd;
    descriptor[1] = POLLIN;
    const ready = poll(descriptor, 1, Math.ceil(Math.min(Math.max(left, 0), LONGEST)));
    if (ready === 1) return true;
    if (ready !== 0) {
      const errno = lastErrno();
      // A signal for another thread's sake, a profiler's: the wait goes on.
      if (errno !== 'EINTR') throw new SystemCallError('poll', subject, errno);
    } else if (left <= LONGEST) return false;
  }
}

let schedYield: NativeFunction | undefined;

/** Lets another program of this processor run that waits to: one that was just answered asks again meanwhile (sched_yield(2)). */
export function yieldProcessor(): void {
  schedYield ??= systemLibrary().bind('int sched_yield()');
  schedYield();
}
