/** Readiness of any pollable file descriptor on the event loop, without a thread that could block. */
import { koffi } from './library.js';

export interface Readiness {
  /** Stops watching; must come before the descriptor is closed. */
  close(): void;
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
  };
}
