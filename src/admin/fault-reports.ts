/** Faults of the IOMMU as they are told: the first of a kind at once, those that follow by their number. */
import type { HostControl, IommuFault } from '../function/index.js';
import { Bursts, type TellBurst } from './bursts.js';

/**
 * A device that reaches for what is not its own does so as often as it can, a million times a second. Faults of one
 * requester that differ in nothing but the address are alike.
 */
export class FaultReports implements Disposable {
  readonly #listening: Disposable;
  readonly #bursts: Bursts<IommuFault>;

  /** Begins to listen, until disposed of. */
  constructor(host: Pick<HostControl, 'onFault'>, tell: TellBurst<IommuFault>) {
    this.#bursts = new Bursts(
      ({ requester, access, why, context }) => `${requester.sbdf} ${access} ${why} ${context ?? ''}`,
      tell,
    );
    this.#listening = host.onFault((fault) => {
      this.#bursts.add(fault);
    });
  }

  /** What was counted is told. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#bursts[Symbol.dispose]();
  }
}
