/** Large buffers that nobody has any more, for whoever is next to want as much: until the collector finds them. */
import { PAGE_SIZE } from './page.js';

/** Smaller ones are not worth the trouble. */
const LARGE = 2 ** 20;
const NOTHING = new Uint8Array(PAGE_SIZE);

/**
 * The engine does not count shared memory when it decides whether to collect, so every guest that has come and gone
 * would leave its memory behind for a long time.
 */
export class FreedBuffers {
  #freed: WeakRef<SharedArrayBuffer>[] = [];

  keep(buffer: SharedArrayBuffer): void {
    if (buffer.byteLength >= LARGE) this.#freed.push(new WeakRef(buffer));
  }

  /** A buffer of exactly that size, all zero. */
  take(bytes: number): SharedArrayBuffer | undefined {
    let taken: SharedArrayBuffer | undefined;
    this.#freed = this.#freed.filter((reference) => {
      const buffer = reference.deref();
      if (taken !== undefined || buffer?.byteLength !== bytes) return buffer !== undefined;
      taken = buffer;
      return false;
    });
    if (taken !== undefined) wipe(taken);
    return taken;
  }
}

/** Pages that nobody has written are left alone: they take no memory, and would by being written. */
function wipe(buffer: SharedArrayBuffer): void {
  for (let at = 0; at < buffer.byteLength; at += PAGE_SIZE) {
    const page = new Uint8Array(buffer, at, PAGE_SIZE);
    if (Buffer.compare(page, NOTHING) !== 0) page.fill(0);
  }
}
