/** The pool itself: claim and release, one taker at a time, reset and restore on every return. */
import {
  saveState,
  type HostDrivers,
  type Machine,
  type PciFunction,
  type SavedState,
} from '../function/index.js';
import { messageOf, type PciAddress } from '../pci/index.js';
import { checkAssignable } from './assignable.js';
import type { ClaimJournal, ClaimRecord } from './claim-journal.js';
import { absence, comeBack, type ReturnReport } from './coming-back.js';
import {
  AlreadyClaimedError,
  FunctionChangingError,
  FunctionTakenError,
  NotClaimedError,
  NotTakenError,
  QuarantinedError,
  RollbackFailedError,
} from './errors.js';
import { Ledger } from './ledger.js';
import { memberOf, newlyHeld, stateOf, type Held, type Member, type PoolState } from './member.js';

/** Names the only driver that may bind, where none shall: no driver has this name. */
const NO_DRIVER = 'openslot';

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

/** @throws {Error} what a claim or release met; the host is as before then. */
export class Pool {
  readonly #machine: Machine;
  readonly #drivers: HostDrivers;
  readonly #journal: ClaimJournal;
  readonly #members = new Map<number, Member>();

  /** Members are the journal's. Those that a former process had given to somebody are his still; see {@link resume}. */
  constructor(machine: Machine & { readonly drivers: HostDrivers }, journal: ClaimJournal) {
    this.#machine = machine;
    this.#drivers = machine.drivers;
    this.#journal = journal;
    // What other tools have given back to a driver meanwhile is the host's again.
    for (const record of journal.records()) if (this.#isHeld(record)) this.#add(record);
  }

  /** Claimed functions and what becomes of each, in order of address. */
  list(): readonly (PoolState & { readonly address: PciAddress; readonly holder: string | undefined })[] {
    for (const { record } of [...this.#members.values()]) this.#current(record.address);
    return [...this.#members.values()]
      .sort((a, b) => a.record.address.sbdf - b.record.address.sbdf)
      .map(({ record, state }) => ({ address: record.address, holder: record.holder, ...state }));
  }

  /**
   * Takes a function from its host driver. `holder` is the driver that keeps it for the pool; without one it is kept
   * by having no driver. When a step fails the steps before it are undone.
   * @param settle the last step, while nobody else can have the function yet.
   * @throws {RollbackFailedError} when that fails too: the record stays, so that a release can be tried.
   */
  async claim(
    address: PciAddress,
    holder: string | undefined,
    settle: (record: ClaimRecord) => Promise<void> = () => Promise.resolve(),
  ): Promise<ClaimRecord> {
    this.checkClaimable(address);
    const { driver, override } = this.#drivers.binding(address);
    // Held already (by `xl pci-assignable-add`, or at boot): it joins the pool as it stands.
    if (driver !== undefined && driver === holder) return this.#adoptAndSettle(address, driver, settle);
    const abandoned = this.#members.get(address.sbdf)?.record;
    const record: ClaimRecord = {
      address,
      formerDriver: driver ?? abandoned?.formerDriver,
      formerOverride: abandoned === undefined ? override : abandoned.formerOverride,
      holder,
    };
    this.#journal.put(record);
    const claimed = this.#add(record);
    claimed.state = { state: 'changing' };
    try {
      // From the unbind on, no other driver may take the function in between.
      await this.#drivers.setOverride(address, holder ?? NO_DRIVER);
      await this.#drivers.unbind(address);
      if (holder !== undefined) {
        await this.#drivers.bind(address, holder);
        // A bound holder is protection enough, and other tools can give the function back without knowing of this.
        await this.#drivers.setOverride(address, override);
      } else this.#route(address);
      await settle(record);
    } catch (cause) {
      await this.#rollBack(record, cause);
      throw cause;
    }
    claimed.state = { state: 'free' };
    return record;
  }

  /** @throws {FunctionChangingError | AlreadyClaimedError | NotAssignableError} what a claim would be refused for at once. */
  checkClaimable(address: PciAddress): void {
    const member = this.#current(address);
    if (member?.state.state === 'changing') throw new FunctionChangingError(address);
    if (member !== undefined && !this.#isAbandoned(member))
      throw new AlreadyClaimedError(address, member.record.holder ?? 'having no driver');
    this.#checkAssignable(address);
  }

  /** Free, and without its holder: another tool, such as `xl pci-assignable-remove`, let go of it and bound nobody. */
  #isAbandoned({ record, state }: Member): boolean {
    const { address, holder } = record;
    return (
      state.state === 'free' && holder !== undefined && this.#drivers.binding(address).driver === undefined
    );
  }

  /**
   * A host finds out where a function's pin leads to when it is enabled for the first time, and a function that no
   * driver ever had was not: until then its line is firmware's, which on Xen is no GSI. A holder does this by itself.
   */
  #route(address: PciAddress): void {
    using fn = this.#machine.open(address);
    fn.setEnabled(true);
    fn.setEnabled(false);
  }

  /** True when the function is a member now: it was one, or its holder keeps it and it joins as it stands. */
  adoptHeld(address: PciAddress, holder: string): boolean {
    if (this.#current(address) !== undefined) return true;
    if (this.#drivers.binding(address).driver !== holder) return false;
    this.#adopt(address, holder);
    return true;
  }

  async #adoptAndSettle(
    address: PciAddress,
    holder: string,
    settle: (record: ClaimRecord) => Promise<void>,
  ): Promise<ClaimRecord> {
    const member = this.#adopt(address, holder);
    const { record } = member;
    member.state = { state: 'changing' };
    try {
      await settle(record);
    } catch (cause) {
      // It stays with its holder, as it was.
      this.#journal.remove(address);
      this.#members.delete(address.sbdf);
      throw cause;
    }
    member.state = { state: 'free' };
    return record;
  }

  #adopt(address: PciAddress, holder: string): Member {
    this.#checkAssignable(address);
    const record: ClaimRecord = { address, formerDriver: undefined, formerOverride: undefined, holder };
    this.#journal.put(record);
    return this.#add(record);
  }

  /** The driver that keeps a member; undefined where none does. @throws {NotClaimedError} */
  holderOf(address: PciAddress): string | undefined {
    return this.#member(address).record.holder;
  }

  /** True for a member, whatever its state. */
  has(address: PciAddress): boolean {
    return this.#current(address) !== undefined;
  }

  /** True while a taker has it, or gives it back. */
  isTaken(address: PciAddress): boolean {
    return this.#members.get(address.sbdf)?.state.state === 'taken';
  }

  /** @throws {NotClaimedError | FunctionTakenError | FunctionChangingError} unless it is a member that nobody has. */
  checkFree(address: PciAddress): void {
    const { state } = this.#member(address);
    if (state.state === 'taken') throw new FunctionTakenError(address, state.taker);
    if (state.state === 'changing') throw new FunctionChangingError(address);
  }

  /**
   * Gives a free function back to the driver it had before the claim. An adopted one goes to `remembered`, the driver
   * that somebody else remembers of it. When that fails it stays a member, and can be released again.
   */
  async release(address: PciAddress, remembered?: string): Promise<ClaimRecord> {
    this.checkFree(address);
    const member = this.#member(address);
    const record = { ...member.record, formerDriver: member.record.formerDriver ?? remembered };
    const before = member.state;
    member.state = { state: 'changing' };
    try {
      await this.#rebind(record);
    } catch (cause) {
      member.state = before;
      throw cause;
    }
    this.#journal.remove(address);
    this.#members.delete(address.sbdf);
    return record;
  }

  /** Settles when the function is not on its way back from a taker: one that is gone already may still be reset. */
  async returned(address: PciAddress): Promise<void> {
    const member = this.#members.get(address.sbdf);
    if (member?.returning === true) await member.held?.back;
  }

  /** Settles when nobody has the function any more: at once where nobody does. */
  async givenBack(address: PciAddress): Promise<void> {
    await this.#members.get(address.sbdf)?.held?.back;
  }

  /** @throws {QuarantinedError} besides what {@link checkFree} throws. */
  checkTakeable(address: PciAddress): void {
    const { state } = this.#member(address);
    if (state.state === 'quarantined') throw new QuarantinedError(address, state.why);
    this.checkFree(address);
  }

  /** Gives a free function to one taker, named as messages will name it. */
  take(address: PciAddress, taker: string): Lease {
    this.checkTakeable(address);
    const member = this.#member(address);
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
    return this.#lease(member, fn, taker, saved, (member.held = newlyHeld(false)));
  }

  /** Functions that a former process gave away and nobody here has resumed, with their takers. */
  left(): readonly { readonly address: PciAddress; readonly taker: string }[] {
    return [...this.#members.values()].flatMap(({ record, held }) =>
      record.taken !== undefined && held?.left === true
        ? [{ address: record.address, taker: record.taken.taker }]
        : [],
    );
  }

  /**
   * The lease of a function that a former process had given to this taker, who has it still. Its ledger is empty: what
   * was granted besides, the one who granted it must know. @throws {NotClaimedError | FunctionTakenError}
   */
  resume(address: PciAddress, taker: string): Lease {
    const member = this.#member(address);
    const { taken } = member.record;
    if (taken === undefined) throw new NotTakenError(address, taker);
    const { held } = member;
    if (taken.taker !== taker || held?.left !== true) throw new FunctionTakenError(address, taken.taker);
    const fn = this.#machine.open(address);
    held.left = false;
    return this.#lease(member, fn, taker, taken.saved, held);
  }

  #lease(member: Member, fn: PciFunction, taker: string, saved: SavedState, held: Held): Lease {
    const ledger = new Ledger();
    let returned: Promise<ReturnReport> | undefined;
    const giveBack = async (distrust: string | undefined) => {
      member.returning = true;
      try {
        return await this.#return(member, fn, saved, ledger, distrust);
      } finally {
        member.returning = false;
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

  async #rollBack(record: ClaimRecord, cause: unknown): Promise<void> {
    const { address } = record;
    try {
      await this.#rebind(record);
    } catch (rollback) {
      this.#add(record);
      throw new RollbackFailedError(address, cause, rollback);
    }
    this.#journal.remove(address);
    this.#members.delete(address.sbdf);
  }

  async #rebind(record: ClaimRecord): Promise<void> {
    const { address, formerDriver, formerOverride } = record;
    await this.#drivers.unbind(address);
    await this.#drivers.setOverride(address, formerOverride);
    if (formerDriver !== undefined) await this.#drivers.bind(address, formerDriver);
  }

  #checkAssignable(address: PciAddress): void {
    using fn = this.#machine.open(address);
    checkAssignable(fn);
  }

  /** No driver of the host has it. One that lost its holder in a failed step is still ours to release. */
  #isHeld({ address, holder }: ClaimRecord): boolean {
    const { driver } = this.#drivers.binding(address);
    return driver === undefined || driver === holder;
  }

  /** The member at an address. One that other tools have given back to a driver meanwhile is the host's again. */
  #current(address: PciAddress): Member | undefined {
    const member = this.#members.get(address.sbdf);
    if (member === undefined || member.state.state === 'taken' || member.state.state === 'changing')
      return member;
    if (this.#isHeld(member.record)) return member;
    this.#members.delete(address.sbdf);
    return undefined;
  }

  #member(address: PciAddress): Member {
    const member = this.#current(address);
    if (member !== undefined) return member;
    // One that is not there at all is a different mistake.
    this.#machine.open(address).close();
    throw new NotClaimedError(address, this.#drivers.binding(address).driver);
  }

  #add(record: ClaimRecord): Member {
    const member = memberOf(record);
    this.#members.set(record.address.sbdf, member);
    return member;
  }
}
