/** Faults of the IOMMU as they are told: the first of a kind at once, those that follow by their number (XSA-130). */
import type { HostControl, IommuFault } from '../function/index.js';

/** Milliseconds for which equal faults are only counted. */
const BURST_MS = 1000;

/** Told of a fault, and of how many like it since the last one that was told, it included. */
export type TellFault = (fault: IommuFault, count: number) => void;

interface Burst {
  last: IommuFault;
  /** Not told yet. */
  count: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * A device that reaches for what is not its own does so as often as it can, a million times a second. Faults of one
 * requester that differ in nothing but the address are alike.
 */
export class FaultReports implements Disposable {
  readonly #tell: TellFault;
  readonly #listening: Disposable;
  readonly #bursts = new Map<string, Burst>();

  /** Begins to listen, until disposed of. */
  constructor(host: Pick<HostControl, 'onFault'>, tell: TellFault) {
    this.#tell = tell;
    this.#listening = host.onFault((fault) => {
      this.#add(fault);
    });
  }

  #add(fault: IommuFault): void {
    const key = `${fault.requester.sbdf} ${fault.access} ${fault.why} ${fault.context ?? ''}`;
    const burst = this.#bursts.get(key);
    if (burst !== undefined) {
      burst.last = fault;
      burst.count++;
      return;
    }
    const timer = setInterval(() => {
      this.#sum(key);
    }, BURST_MS);
    timer.unref();
    this.#bursts.set(key, { last: fault, count: 0, timer });
    this.#tell(fault, 1);
  }

  /** A burst is over when nothing has come for its whole length. */
  #sum(key: string): void {
    const burst = this.#bursts.get(key);
    if (burst === undefined) return;
    const { last, count, timer } = burst;
    if (count === 0) {
      clearInterval(timer);
      this.#bursts.delete(key);
      return;
    }
    burst.count = 0;
    this.#tell(last, count);
  }

  /** What was counted is told. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    for (const { last, count, timer } of this.#bursts.values()) {
      clearInterval(timer);
      if (count > 0) this.#tell(last, count);
    }
    this.#bursts.clear();
  }
}
