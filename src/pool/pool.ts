/** The pool itself: functions are claimed for it and released, and each has one taker at a time. */
import { Changes, MemoryChangeJournal, type Recovery, type Step } from '../change/index.js';
import type { MachineWithDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { ClaimJournal } from './claim-journal.js';
import { ClaimPlans } from './claim-plans.js';
import type { ClaimRecord } from './claim-record.js';
import type { PoolChange } from './claim-steps.js';
import { Leases, type Lease } from './leases.js';
import type { PoolState } from './member.js';
import { checkIdle, Members } from './members.js';
import { poolPerformers } from './step-performers.js';

export class Pool {
  /** Makes the claims and releases of this pool; those who add steps of their own to them teach it those. */
  readonly changes: Changes;
  readonly #machine: MachineWithDrivers;
  readonly #members: Members;
  readonly #plans: ClaimPlans;
  readonly #leases: Leases;

  /**
   * Members are the journal's. Those that a former process had given to somebody are his still; see {@link resume}.
   * Where claims outlive the process, the journal of `changes` must.
   */
  constructor(
    machine: MachineWithDrivers,
    journal: ClaimJournal,
    changes = new Changes(new MemoryChangeJournal()),
  ) {
    this.#machine = machine;
    this.changes = changes;
    changes.learn(poolPerformers(machine, journal));
    this.#members = new Members(machine, journal);
    this.#plans = new ClaimPlans(machine, this.#members);
    this.#leases = new Leases(machine, journal, this.#members, changes);
  }

  /** Claimed functions and what becomes of each, in order of address. */
  list(): readonly (PoolState & { readonly address: PciAddress; readonly holder: string | undefined })[] {
    return this.#members
      .known()
      .flatMap(({ record }) => this.#members.at(record.address) ?? [])
      .map(({ record, state }) => ({ address: record.address, holder: record.holder, ...state }));
  }

  /** True for a member, whatever its state. */
  has(address: PciAddress): boolean {
    return this.#members.at(address) !== undefined;
  }

  /** The driver that keeps a member; undefined where none does. @throws {NotClaimedError} */
  holderOf(address: PciAddress): string | undefined {
    return this.#members.get(address).record.holder;
  }

  /** Whether the machine still has a function at the address: a member may be gone. No device is touched. */
  isThere(address: PciAddress): boolean {
    return this.#members.isThere(address);
  }

  /** True while a taker has it, or gives it back. */
  isTaken(address: PciAddress): boolean {
    return this.#members.knownAt(address)?.state.state === 'taken';
  }

  /** @throws {FunctionChangingError | AlreadyClaimedError | NotAssignableError} what a claim would be refused for at once. */
  checkClaimable(address: PciAddress): void {
    this.#plans.checkClaimable(address);
  }

  /** @throws {NotClaimedError | FunctionTakenError | FunctionChangingError} unless it is a member that nobody has. */
  checkFree(address: PciAddress): void {
    this.#members.getFree(address);
  }

  /** @throws {QuarantinedError | ChangeUnfinishedError} besides what {@link checkFree} throws. */
  checkTakeable(address: PciAddress): void {
    this.#leases.takeable(address);
  }

  /**
   * What takes a function from its host driver. `holder` is the driver that keeps it for the pool; without one it is
   * kept by having no driver. Nothing is changed. @throws what {@link checkClaimable} throws.
   */
  planClaim(address: PciAddress, holder: string | undefined): PoolChange {
    return this.#plans.claim(address, holder);
  }

  /**
   * What makes a function a member that another tool (`by`) has given to a holder, as it stands: no driver is touched.
   * It is released to `formerDriver`, to any driver. Nothing is changed. @throws what {@link checkClaimable} throws.
   */
  planAdoption(address: PciAddress, by: string, formerDriver: string | undefined): PoolChange {
    return this.#plans.adoption(address, by, formerDriver);
  }

  /** Free members that were adopted, as they would be left to the tools they came from. */
  planLeaving(): readonly PoolChange[] {
    return this.#plans.leaving();
  }

  /**
   * What gives a free function back to the driver it had before the claim. One that `holder` keeps without a claim of
   * ours, or that joined as it stood, goes to `remembered`: the driver that somebody else remembers of it. One that is gone
   * is only forgotten. Nothing is changed. @throws what {@link checkFree} throws.
   */
  planRelease(address: PciAddress, remembered?: string, holder?: string): PoolChange {
    return this.#plans.release(address, remembered, holder);
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
    for (const { record } of changes) {
      const known = this.#members.knownAt(record.address);
      if (known !== undefined) checkIdle(known);
    }
    const changing = changes.map(
      ({ record }) => this.#members.knownAt(record.address) ?? this.#members.add(record),
    );
    for (const member of changing) member.state = { state: 'changing' };
    try {
      await this.changes.apply({ what, steps });
    } finally {
      for (const member of changing) this.#members.settle(member);
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

  /** True when the function is a member now: it was one, or its holder keeps it and it joins as it stands. */
  adoptHeld(address: PciAddress, holder: string): boolean {
    if (this.has(address)) return true;
    if (this.#machine.drivers.binding(address).driver !== holder) return false;
    this.#members.adopt(address, holder);
    return true;
  }

  /** Settles what a former process, or a failed undo, has left; members are what the host says then. */
  async recover(way: 'back' | 'forth'): Promise<readonly Recovery[]> {
    const recoveries = await this.changes.recover(way);
    const subjects = new Set(recoveries.flatMap(({ change }) => change.steps.map(({ subject }) => subject)));
    for (const member of this.#members.known())
      if (subjects.has(String(member.record.address)) && member.record.taken === undefined)
        this.#members.settle(member);
    this.#members.addRecorded();
    return recoveries;
  }

  /** Whether a member is a virtual function. @throws {FunctionNotFoundError} it is not there any more. */
  isVirtual(address: PciAddress): boolean {
    if (!this.has(address)) return false;
    using fn = this.#machine.open(address);
    return fn.virtual !== undefined;
  }

  /** Gives a free function to one taker, named as messages will name it. @throws what {@link checkTakeable} throws. */
  take(address: PciAddress, taker: string): Lease {
    return this.#leases.take(address, taker);
  }

  /** Functions that a former process gave away and nobody here has resumed, with their takers. */
  left(): readonly { readonly address: PciAddress; readonly taker: string }[] {
    return this.#leases.left();
  }

  /**
   * The lease of a function that a former process had given to this taker, who has it still. Its ledger is empty: what
   * was granted besides, the one who granted it must know. @throws {NotClaimedError | NotTakenError | FunctionTakenError}
   */
  resume(address: PciAddress, taker: string): Lease {
    return this.#leases.resume(address, taker);
  }

  /** Settles when the function is not on its way back from a taker: one that is gone already may still be reset. */
  returned(address: PciAddress): Promise<void> {
    return this.#leases.returned(address);
  }

  /** Settles when nobody has the function any more: at once where nobody does. */
  givenBack(address: PciAddress): Promise<void> {
    return this.#leases.givenBack(address);
  }
}
