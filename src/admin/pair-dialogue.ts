/** Waiting for both ends of a guest's pair: for them to be ready for a change, and to have made it. */
import type { PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { ExportState, XenbusState } from '../xen/pciif/index.js';
import { awaitChange, discard, type XenStore } from '../xen/store/index.js';
import {
  ExportRefusedError,
  GuestGoneError,
  PairChangedError,
  PairClosedError,
  PairSilentError,
} from './errors.js';
import { isThere, type Guest } from './guests.js';
import type { Pair, PairView } from './pair.js';

/** `connected`: a change is agreed with the guest. `unborn`: its front end has not said a word, and need not. */
export type Readiness = 'connected' | 'unborn';

export interface DialogueOptions {
  /** Domain of the back end. */
  readonly own: DomainId;
  /** Bound of each wait. */
  readonly milliseconds: number;
  /** Why the back end did not export a function; undefined while it has not tried. */
  readonly refusal: (address: PciAddress) => Error | undefined;
  /** What a refused detach is to be repeated for, in the text of the refusal. */
  readonly detaching?: string;
}

export class PairDialogue {
  readonly #store: XenStore;
  readonly #guest: Guest;
  readonly #pair: Pair;
  readonly #options: DialogueOptions;

  constructor(store: XenStore, guest: Guest, pair: Pair, options: DialogueOptions) {
    this.#store = store;
    this.#guest = guest;
    this.#pair = pair;
    this.#options = options;
  }

  /** Waits until both ends rest. @throws {PairClosedError | PairSilentError | GuestGoneError} */
  ready(): Promise<PairView & { readonly readiness: Readiness }> {
    return this.#until((view) => {
      const readiness = readinessOf(view);
      return readiness === undefined ? undefined : { ...view, readiness };
    });
  }

  /**
   * Waits until every one of these functions is exported, and a connected guest has taken them.
   * @returns their entries. @throws what the back end refused one for.
   */
  exported(addresses: readonly PciAddress[]): Promise<PairView> {
    return this.#until((view) => {
      const entries = entriesOf(view, addresses);
      if (entries.length < addresses.length) throw new PairChangedError(this.#guest);
      const done = entries.filter(({ state }) => state === ExportState.exported);
      const resting = view.back === XenbusState.initialised || view.back === XenbusState.connected;
      if (resting && done.length === addresses.length) return view;
      // Not in the middle of a change: the guest must have ended it before it can be undone.
      if (resting || isClosed(view)) this.#throwRefusal(addresses);
      const [refused] = entries.filter(({ state }) => state !== ExportState.exported);
      if (readinessOf(view) === 'connected' && refused !== undefined)
        throw new ExportRefusedError(this.#guest, this.#options.own, refused.address);
      return undefined;
    });
  }

  /** Waits until a change that was asked for is made: both ends are connected again. */
  async changed(): Promise<void> {
    await this.#until((view) => (readinessOf(view) === 'connected' ? view : undefined));
  }

  /** Waits until both ends are connected. @returns undefined when the guest does not connect in time. */
  async connected(): Promise<PairView | undefined> {
    return awaitChange(this.#store, this.#paths, this.#options.milliseconds, async () => {
      const view = await this.#look();
      return readinessOf(view) === 'connected' ? view : undefined;
    });
  }

  get #paths(): readonly string[] {
    return [this.#pair.back, `${this.#pair.front}/state`];
  }

  #throwRefusal(addresses: readonly PciAddress[]): void {
    for (const address of addresses) {
      const refusal = this.#options.refusal(address);
      if (refusal !== undefined) throw refusal;
    }
  }

  async #look(): Promise<PairView> {
    const view = await this.#pair.look();
    if (view !== undefined) return view;
    // A guest that has died keeps its directory until its tool stack has cleared up; the back end is faster.
    const there =
      (await this.#store.isIntroduced(this.#guest.id)) &&
      (await this.#store.transaction(async (tx) => discard(await isThere(tx, this.#guest))));
    throw there ? new PairChangedError(this.#guest) : new GuestGoneError(this.#guest);
  }

  async #until<Seen>(condition: (view: PairView) => Seen | undefined): Promise<Seen> {
    const { milliseconds, detaching } = this.#options;
    let last: PairView | undefined;
    const seen = await awaitChange(this.#store, this.#paths, milliseconds, async () => {
      last = await this.#look();
      const result = condition(last);
      if (result === undefined && isClosed(last)) throw new PairClosedError(this.#guest, last);
      return result;
    });
    if (seen !== undefined) return seen;
    const states = last ?? (await this.#look());
    throw new PairSilentError(silent(states), this.#guest, states, milliseconds / 1000, detaching);
  }
}

function entriesOf({ functions }: PairView, addresses: readonly PciAddress[]): PairView['functions'] {
  return functions.filter(({ address }) => addresses.some((one) => one.equals(address)));
}

function isClosed({ back, front }: PairView): boolean {
  const closed = (state: XenbusState) => state === XenbusState.closing || state === XenbusState.closed;
  return closed(back) || closed(front);
}

function readinessOf({ back, front }: PairView): Readiness | undefined {
  if (back === XenbusState.connected && front === XenbusState.connected) return 'connected';
  if (back === XenbusState.initialised && front < XenbusState.initialised) return 'unborn';
  return undefined;
}

/** Whose step is the next one, by the states that both have written. */
function silent({ back, front }: PairView): 'guest' | 'back end' {
  switch (back) {
    case XenbusState.reconfiguring:
      return front === XenbusState.reconfiguring ? 'back end' : 'guest';
    case XenbusState.reconfigured:
      return front === XenbusState.connected ? 'back end' : 'guest';
    case XenbusState.connected:
      return front === XenbusState.connected ? 'back end' : 'guest';
    default:
      return 'back end';
  }
}
