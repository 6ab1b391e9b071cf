/** DMA of one function that reached nothing: kept until its program has been told. */
import type { IommuFault, Machine } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import { FaultAccess, FaultCause, type ToldFault } from '../abi/busdma-request.js';

/** Faults that are kept; of more the oldest are only counted. */
const KEPT = 64;

export class DmaFaults implements Disposable {
  readonly #watch: Disposable | undefined;
  readonly #kept: IommuFault[] = [];
  #total = 0;
  #unseen = false;

  /** Of this function, from now on. On a machine that tells of none there are none. */
  constructor(machine: Machine, address: PciAddress) {
    this.#watch = machine.faults?.onFault((fault) => {
      if (!fault.requester.equals(address)) return;
      this.#total++;
      this.#unseen = true;
      this.#kept.push(fault);
      if (this.#kept.length > KEPT) this.#kept.shift();
    });
  }

  /** Whether there was one since this was last asked, or since one was taken. */
  noticed(): boolean {
    const unseen = this.#unseen;
    this.#unseen = false;
    return unseen;
  }

  /** The oldest, which is told once; undefined when all were. */
  take(): ToldFault | undefined {
    this.#unseen = false;
    const fault = this.#kept.shift();
    if (fault === undefined) return undefined;
    return {
      access: FaultAccess[fault.access],
      why: FaultCause[fault.why],
      address: fault.iova,
      total: this.#total,
    };
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}
