/** The ranges of the bus that one domain has mapped: checked when they are made, and reached by number at each access. */
import type { HostControl, PhysicalAddress, RegisterAccess } from '../../function/index.js';
import { Errno, PAGE_BYTES } from './control-block.js';
import { PermittedRanges } from './permitted-ranges.js';

/** What an access that is aligned in its range must be aligned to on the bus: the widest of its kind. */
const ALIGNMENT = { memory: 8, io: 4 } as const;
/** Ranges of a domain at one time: a function has six regions, a guest's bus 256 functions. */
const MOST_RANGES = 6 * 256;

interface MappedRange {
  readonly kind: 'memory' | 'io';
  readonly base: number;
  readonly bytes: number;
  readonly access: RegisterAccess;
}

/** Frames that no domain may write: they hold vector tables, whose messages are the hypervisor's. */
export type ProtectedFrames = ReadonlySet<number>;

export class MappedRanges {
  readonly memory = new PermittedRanges();
  readonly ports = new PermittedRanges();
  readonly #host: HostControl;
  readonly #protected: ProtectedFrames;
  readonly #ranges: (MappedRange | undefined)[] = [];

  constructor(host: HostControl, protectedFrames: ProtectedFrames) {
    this.#host = host;
    this.#protected = protectedFrames;
  }

  /** Ranges that are mapped. */
  get count(): number {
    return this.#ranges.filter((range) => range !== undefined).length;
  }

  /** @returns a handle, or the negative error number. */
  map(kind: 'memory' | 'io', base: number, bytes: number): number {
    if (!(bytes > 0) || !Number.isSafeInteger(base + bytes) || base % ALIGNMENT[kind] !== 0)
      return -Errno.EINVAL;
    if (!this.#allowed(kind, base, bytes)) return -Errno.EPERM;
    for (let handle = 0; handle < MOST_RANGES; handle++) {
      if (this.#ranges[handle] !== undefined) continue;
      const access = this.#host.openRange(kind, base as PhysicalAddress, bytes);
      this.#ranges[handle] = { kind, base, bytes, access };
      return handle;
    }
    return -Errno.ENOSPC;
  }

  unmap(handle: number): number {
    if (this.#ranges[handle] === undefined) return -Errno.EINVAL;
    this.#ranges[handle] = undefined;
    return 0;
  }

  /** Takes away what is no longer allowed: from the next access on nothing answers there. */
  revokeMappings(): void {
    for (const [handle, range] of this.#ranges.entries()) {
      if (range !== undefined && !this.#allowed(range.kind, range.base, range.bytes))
        this.#ranges[handle] = undefined;
    }
  }

  /** The range that an access of this width at this offset reaches, undefined where nothing answers. Allocates nothing. */
  at(handle: number, offset: number, width: number): RegisterAccess | undefined {
    const range = this.#ranges[handle];
    if (range === undefined || offset < 0 || offset + width > range.bytes) return undefined;
    // No processor has a 64-bit access to ports.
    return width === 8 && range.kind === 'io' ? undefined : range.access;
  }

  /** False in a frame that holds a vector table. */
  writable(handle: number, offset: number): boolean {
    if (this.#protected.size === 0) return true;
    const range = this.#ranges[handle];
    return range?.kind !== 'memory' || !this.#protected.has(Math.floor((range.base + offset) / PAGE_BYTES));
  }

  #allowed(kind: 'memory' | 'io', base: number, bytes: number): boolean {
    if (kind === 'io') return this.ports.includes(base, bytes);
    const first = Math.floor(base / PAGE_BYTES);
    return this.memory.includes(first, Math.ceil((base + bytes) / PAGE_BYTES) - first);
  }
}
