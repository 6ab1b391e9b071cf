/** How often a function may fail before nobody tries to recover it again. */
import type { PciAddress } from '../pci/index.js';

const HOUR_MS = 3_600_000;

/** A guest can make its function fail as fast as it likes; each failure costs the host a reset and some lines of log. */
export class RecoveryBudget {
  readonly #most: number;
  /** When each function failed, in the milliseconds of the process's clock; at most one more than `most` of each. */
  readonly #failures = new Map<number, number[]>();

  constructor(mostPerHour: number) {
    this.#most = mostPerHour;
  }

  /** It is somebody else's from now on, or given anew. */
  forget(address: PciAddress): void {
    this.#failures.delete(address.sbdf);
  }

  /** @returns `spent` for the first failure that is one too many, `spent before` for those after it. */
  take(address: PciAddress): 'left' | 'spent' | 'spent before' {
    const now = performance.now();
    const recent = (this.#failures.get(address.sbdf) ?? []).filter((at) => now - at < HOUR_MS);
    if (recent.length > this.#most) return 'spent before';
    recent.push(now);
    this.#failures.set(address.sbdf, recent);
    return recent.length > this.#most ? 'spent' : 'left';
  }
}
