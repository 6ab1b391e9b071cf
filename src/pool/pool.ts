/** The pool itself: claim and release, one taker at a time, reset and restore on every return. */
import { Changes, MemoryChangeJournal, type Recovery, type Step } from '../change/index.js';
import {
  saveState,
  type HostDrivers,
  type Machine,
  type PciFunction,
  type SavedState,
} from '../function/index.js';
import { messageOf, type PciAddress } from '../pci/index.js';
import { checkAssignable } from './assignable.js';
import type { ClaimJournal } from './claim-journal.js';
import type { ClaimRecord } from './claim-record.js';
import { adoptionSteps, claimSteps, forgettingSteps, releaseSteps, type PoolChange } from './claim-steps.js';
import { absence, comeBack, type ReturnReport } from './coming-back.js';
import {
  AlreadyClaimedError,
  FunctionChangingError,
  FunctionTakenError,
  NotClaimedError,
  NotTakenError,
  QuarantinedError,
} from './errors.js';
import { Ledger } from './ledger.js';
import { memberOf, newlyHeld, stateOf, type Held, type Member, type PoolState } from './member.js';
import { poolPerformers } from './step-performers.js';

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

export class Pool {
  /** Makes the claims and releases of this pool; those who add steps of their own to them teach it those. */
  readonly changes: Changes;
  readonly #machine: Machine;
  readonly #drivers: HostDrivers;
  readonly #journal: ClaimJournal;
  readonly #members = new Map<number, Member>();

  /**
   * Members are the journal's. Those that a former process had given to somebody are his still; see {@link resume}.
   * Where claims outlive the process, the journal of `changes` must.
   */
  constructor(
    machine: Machine & { readonly drivers: HostDrivers },
    journal: ClaimJournal,
    changes = new Changes(new MemoryChangeJournal()),
  ) {
    this.#machine = machine;
    this.#drivers = machine.drivers;
    this.#journal = journal;
    this.changes = changes;
    changes.learn(poolPerformers(machine, journal));
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
   * What takes a function from its host driver. `holder` is the driver that keeps it for the pool; without one it is
   * kept by having no driver. Nothing is changed. @throws what {@link checkClaimable} throws.
   */
  planClaim(address: PciAddress, holder: string | undefined): PoolChange {
    this.checkClaimable(address);
    const binding = this.#drivers.binding(address);
    const { driver, override } = binding;
    if (driver !== undefined && driver === holder) {
      const record = adopted(address, holder);
      return { record, steps: adoptionSteps(record) };
    }
    const abandoned = this.#members.get(address.sbdf)?.record;
    const record: ClaimRecord = {
      address,
      formerDriver: driver ?? abandoned?.formerDriver,
      formerOverride: abandoned === undefined ? override : abandoned.formerOverride,
      holder,
    };
    return { record, steps: claimSteps(record, binding, abandoned) };
  }

  /**
   * What makes a function a member that another tool (`by`) has given to a holder, as it stands: no driver is touched.
   * It is released to `formerDriver`, to any driver. Nothing is changed. @throws what {@link checkClaimable} throws.
   */
  planAdoption(address: PciAddress, by: string, formerDriver: string | undefined): PoolChange {
    this.checkClaimable(address);
    const holder = this.#drivers.binding(address).driver;
    const record = { ...adopted(address, holder), formerDriver, adopted: by };
    return { record, steps: adoptionSteps(record) };
  }

  /** Free members that were adopted, as they would be left to the tools they came from. */
  planLeaving(): readonly PoolChange[] {
    return [...this.#members.values()]
      .filter(({ record, state }) => record.adopted !== undefined && state.state === 'free')
      .map(({ record }) => ({ record, steps: forgettingSteps(record) }));
  }

  /**
   * What gives a free function back to the driver it had before the claim. One that `holder` keeps without a claim of
   * ours, or that joined as it stood, goes to `remembered`: the driver that somebody else remembers of it. One that is gone
   * is only forgotten. Nothing is changed. @throws what {@link checkFree} throws.
   */
  planRelease(address: PciAddress, remembered?: string, holder?: string): PoolChange {
    const binding = this.#drivers.binding(address);
    const isHeld = holder !== undefined && binding.driver === holder && this.#current(address) === undefined;
    if (isHeld) this.#checkAssignable(address);
    else this.checkFree(address);
    const kept = isHeld ? undefined : this.#member(address).record;
    const record = kept ?? adopted(address, holder);
    // Pulled out, or gone with a boot: there is nothing to give back, and nobody to give it to.
    if (!this.isThere(address))
      return { record: { ...record, formerDriver: undefined }, steps: forgettingSteps(record) };
    const { formerDriver = remembered } = record;
    return { record: { ...record, formerDriver }, steps: releaseSteps(record, formerDriver, binding, kept) };
  }

  /**
   * Makes changes of several functions as one, all or nothing; nobody else can have any of them meanwhile.
   * @param what in words, as the command that asks for it.
   * @param steps what is done: those of the changes, with others around them where more than drivers change.
   * @throws what {@link Changes.apply} throws.
   */
  async change(
    what: string,
    changes: readonly PoolChange[],
    steps: readonly Step[] = changes.flatMap((one) => one.steps),
  ): Promise<void> {
    for (const { record } of changes) this.#checkIdle(record.address);
    const members = changes.map(({ record }) => this.#begin(record));
    try {
      await this.changes.apply({ what, steps });
    } finally {
      for (const member of members) this.#settle(member);
    }
  }

  /** A change of one function by itself. */
  async claim(address: PciAddress, holder: string | undefined): Promise<ClaimRecord> {
    const change = this.planClaim(address, holder);
    await this.change(`claim ${address}`, [change]);
    return change.record;
  }

  /** The same; when it fails the function stays a member. */
  async release(address: PciAddress, remembered?: string): Promise<ClaimRecord> {
    const change = this.planRelease(address, remembered);
    await this.change(`release ${address}`, [change]);
    return change.record;
  }

  /** Settles what a former process, or a failed undo, has left; members are what the host says then. */
  async recover(way: 'back' | 'forth'): Promise<readonly Recovery[]> {
    const recoveries = await this.changes.recover(way);
    const subjects = new Set(recoveries.flatMap(({ change }) => change.steps.map(({ subject }) => subject)));
    for (const member of [...this.#members.values()])
      if (subjects.has(String(member.record.address)) && member.record.taken === undefined)
        this.#settle(member);
    for (const record of this.#journal.records())
      if (!this.#members.has(record.address.sbdf) && this.#isHeld(record)) this.#add(record);
    return recoveries;
  }

  /** @throws {FunctionChangingError | FunctionTakenError} */
  #checkIdle(address: PciAddress): void {
    const { state } = this.#members.get(address.sbdf) ?? { state: { state: 'free' as const } };
    if (state.state === 'changing') throw new FunctionChangingError(address);
    if (state.state === 'taken') throw new FunctionTakenError(address, state.taker);
  }

  #begin(record: ClaimRecord): Member {
    const member = this.#members.get(record.address.sbdf) ?? this.#add(record);
    member.state = { state: 'changing' };
    return member;
  }

  /** After a change, however it ended, the journal says what is a member. */
  #settle(member: Member): void {
    const { address } = member.record;
    const record = this.#journal.records().find((one) => one.address.equals(address));
    if (record === undefined) {
      this.#members.delete(address.sbdf);
      return;
    }
    member.record = record;
    member.state = stateOf(record);
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

  /** True when the function is a member now: it was one, or its holder keeps it and it joins as it stands. */
  adoptHeld(address: PciAddress, holder: string): boolean {
    if (this.#current(address) !== undefined) return true;
    if (this.#drivers.binding(address).driver !== holder) return false;
    this.#adopt(address, holder);
    return true;
  }

  #adopt(address: PciAddress, holder: string): Member {
    this.#checkAssignable(address);
    const record = adopted(address, holder);
    this.#journal.put(record);
    return this.#add(record);
  }

  /** The driver that keeps a member; undefined where none does. @throws {NotClaimedError} */
  holderOf(address: PciAddress): string | undefined {
    return this.#member(address).record.holder;
  }

  /** Whether the machine still has a function at the address: a member may be gone. No device is touched. */
  isThere(address: PciAddress): boolean {
    const there = this.#machine.present?.() ?? this.#machine.list();
    return there.some((one) => one.address.equals(address));
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

  /** Settles when the function is not on its way back from a taker: one that is gone already may still be reset. */
  async returned(address: PciAddress): Promise<void> {
    const member = this.#members.get(address.sbdf);
    if (member?.returning === true) await member.held?.back;
  }

  /** Settles when nobody has the function any more: at once where nobody does. */
  async givenBack(address: PciAddress): Promise<void> {
    await this.#members.get(address.sbdf)?.held?.back;
  }

  /** @throws {QuarantinedError | ChangeUnfinishedError} besides what {@link checkFree} throws. */
  checkTakeable(address: PciAddress): void {
    const { state } = this.#member(address);
    if (state.state === 'quarantined') throw new QuarantinedError(address, state.why);
    this.checkFree(address);
    this.changes.checkFinished(new Set([String(address)]));
  }

  /** Whether a member is a virtual function. @throws {FunctionNotFoundError} it is not there any more. */
  isVirtual(address: PciAddress): boolean {
    if (!this.has(address)) return false;
    using fn = this.#machine.open(address);
    return fn.virtual !== undefined;
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

/** Kept by a holder that another tool, or the boot, has given it to. */
function adopted(address: PciAddress, holder: string | undefined): ClaimRecord {
  return { address, formerDriver: undefined, formerOverride: undefined, holder };
}
