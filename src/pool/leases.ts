/** Leases: a pool function in one taker's hands, from the moment he takes it until it is back, reset and restored. */
import type { Changes } from '../change/index.js';
import { saveState, type Machine, type PciFunction, type SavedState } from '../function/index.js';
import { messageOf, type PciAddress } from '../pci/index.js';
import type { ClaimJournal } from './claim-journal.js';
import { absence, comeBack, type ReturnReport } from './coming-back.js';
import { FunctionTakenError, NotTakenError, QuarantinedError } from './errors.js';
import { Ledger } from './ledger.js';
import { newlyHeld, stateOf, type Held, type Member } from './member.js';
import { checkIdle, type Members } from './members.js';

/** A pool function in one taker's hands. */
export interface Lease {
  readonly function: PciFunction;
  readonly taker: string;
  readonly ledger: Ledger;
  /**
   * Settles the ledger, resets and restores the function, and makes it free; with `distrust` it goes into quarantine
   * for that reason, however well it came back. The second call gives the same report.
   */
  giveBack(distrust?: string): Promise<ReturnReport>;
}

/** The journal knows who has a function before he can touch it: a taker outlives the process that gave it to him. */
export class Leases {
  readonly #machine: Machine;
  readonly #journal: ClaimJournal;
  readonly #members: Members;
  readonly #changes: Changes;

  constructor(machine: Machine, journal: ClaimJournal, members: Members, changes: Changes) {
    this.#machine = machine;
    this.#journal = journal;
    this.#members = members;
    this.#changes = changes;
  }

  /** @throws what {@link takeable} throws. */
  take(address: PciAddress, taker: string): Lease {
    const member = this.takeable(address);
    const fn = this.#machine.open(address);
    let saved: SavedState;
    try {
      const why = absence(fn.config);
      if (why !== undefined) throw new QuarantinedError(address, why);
      saved = member.saved ??= saveState(fn.config);
      // Before its registers are anybody else's.
      const record = { ...member.record, taken: { taker, saved } };
      this.#journal.put(record);
      member.record = record;
    } catch (cause) {
      fn.close();
      throw cause;
    }
    member.state = { state: 'taken', taker };
    return this.#lease(member, fn, taker, saved, (member.held = newlyHeld('leased')));
  }

  /** @throws {NotClaimedError | QuarantinedError | FunctionTakenError | FunctionChangingError | ChangeUnfinishedError} */
  takeable(address: PciAddress): Member {
    const member = this.#members.get(address);
    if (member.state.state === 'quarantined') throw new QuarantinedError(address, member.state.why);
    checkIdle(member);
    this.#changes.checkFinished(new Set([String(address)]));
    return member;
  }

  /** Functions that a former process gave away and nobody here has resumed, with their takers. */
  left(): readonly { readonly address: PciAddress; readonly taker: string }[] {
    return this.#members
      .known()
      .flatMap(({ record: { address, taken }, held }) =>
        taken !== undefined && held?.stage === 'left' ? [{ address, taker: taken.taker }] : [],
      );
  }

  /** @throws {NotClaimedError | NotTakenError | FunctionTakenError} */
  resume(address: PciAddress, taker: string): Lease {
    const member = this.#members.get(address);
    const { record, held } = member;
    const { taken } = record;
    if (taken === undefined) throw new NotTakenError(address, taker);
    if (taken.taker !== taker || held?.stage !== 'left') throw new FunctionTakenError(address, taken.taker);
    const fn = this.#machine.open(address);
    held.stage = 'leased';
    return this.#lease(member, fn, taker, taken.saved, held);
  }

  /** Settles when the function is not on its way back from a taker: one that is gone already may still be reset. */
  async returned(address: PciAddress): Promise<void> {
    const held = this.#members.knownAt(address)?.held;
    if (held?.stage === 'returning') await held.back;
  }

  /** Settles when nobody has the function any more: at once where nobody does. */
  async givenBack(address: PciAddress): Promise<void> {
    await this.#members.knownAt(address)?.held?.back;
  }

  #lease(member: Member, fn: PciFunction, taker: string, saved: SavedState, held: Held): Lease {
    const ledger = new Ledger();
    let returned: Promise<ReturnReport> | undefined;
    const giveBack = async (distrust: string | undefined) => {
      held.stage = 'returning';
      try {
        return await this.#return(member, fn, saved, ledger, distrust);
      } finally {
        member.held = undefined;
        held.release();
      }
    };
    return { function: fn, taker, ledger, giveBack: (distrust) => (returned ??= giveBack(distrust)) };
  }

  async #return(
    member: Member,
    fn: PciFunction,
    saved: SavedState,
    ledger: Ledger,
    distrust: string | undefined,
  ): Promise<ReturnReport> {
    const report = await comeBack(fn, saved, ledger);
    const quarantined = report.quarantined ?? distrust;
    let { unsettled } = report;
    const { taken: _taken, ...record } = member.record;
    // Remembered on disk: the next owner must not take a broken one for sound.
    member.record = quarantined === undefined ? record : { ...record, quarantined };
    try {
      this.#journal.put(member.record);
    } catch (error) {
      unsettled = [...unsettled, `remembering that it is back: ${messageOf(error)}`];
    }
    member.state = stateOf(member.record);
    return { ...report, quarantined, unsettled };
  }
}
