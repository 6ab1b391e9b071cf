/** Grants of one domain: which of its pages another domain may map. */
import type { DomainId } from '../domain.js';
import { Errno, PAGE_BYTES } from './control-block.js';

/** Grants of a domain; Xen's default is 64 frames of 512 entries, a front end needs one or two. */
const MOST_GRANTS = 1024;
/** The first eight references are reserved on Xen (GNTTAB_NR_RESERVED_ENTRIES). */
const FIRST = 8;

export class GrantTable {
  readonly #memory: SharedArrayBuffer;
  readonly #grants: ({ readonly frame: number; readonly peer: DomainId } | undefined)[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
  }

  /** Grants that have not been revoked. */
  get count(): number {
    return this.#grants.filter((grant) => grant !== undefined).length;
  }

  /** @returns a reference, or the negative error number. */
  grant(frame: number, peer: DomainId): number {
    if (frame < 0 || (frame + 1) * PAGE_BYTES > this.#memory.byteLength) return -Errno.EINVAL;
    for (let reference = FIRST; reference < FIRST + MOST_GRANTS; reference++) {
      if (this.#grants[reference] !== undefined) continue;
      this.#grants[reference] = { frame, peer };
      return reference;
    }
    return -Errno.ENOSPC;
  }

  /** A peer that has it mapped keeps its view of the page; it is the granting domain's own memory. */
  revoke(reference: number): number {
    if (this.#grants[reference] === undefined) return -Errno.EINVAL;
    this.#grants[reference] = undefined;
    return 0;
  }

  /** The page, undefined when it was not granted to this peer. */
  page(reference: number, peer: DomainId): Uint8Array | undefined {
    const grant = this.#grants[reference];
    if (grant?.peer !== peer) return undefined;
    return new Uint8Array(this.#memory, grant.frame * PAGE_BYTES, PAGE_BYTES);
  }
}
