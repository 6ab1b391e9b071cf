/** The members of a pool: which functions are claimed, as its journal and the host say at each moment. */
import type { MachineWithDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { checkAssignable } from './assignable.js';
import type { ClaimJournal } from './claim-journal.js';
import type { ClaimRecord } from './claim-record.js';
import { FunctionChangingError, FunctionTakenError, NotClaimedError } from './errors.js';
import { memberOf, stateOf, type Member } from './member.js';

/** What other tools have given back to a driver is the host's again: it is a member no more when it is looked for. */
export class Members {
  readonly #machine: MachineWithDrivers;
  readonly #journal: ClaimJournal;
  readonly #members = new Map<number, Member>();

  constructor(machine: MachineWithDrivers, journal: ClaimJournal) {
    this.#machine = machine;
    this.#journal = journal;
    this.addRecorded();
  }

  /** Those of the journal that the host's drivers left alone. */
  addRecorded(): void {
    for (const record of this.#journal.records())
      if (!this.#members.has(record.address.sbdf) && this.#isHeld(record)) this.add(record);
  }

  add(record: ClaimRecord): Member {
    const member = memberOf(record);
    this.#members.set(record.address.sbdf, member);
    return member;
  }

  /** A function that `holder` keeps joins as it stands. @throws {NotAssignableError} */
  adopt(address: PciAddress, holder: string): void {
    this.checkAssignable(address);
    const record = adopted(address, holder);
    this.#journal.put(record);
    this.add(record);
  }

  /** In order of address, as last known: the host is not asked. */
  known(): readonly Member[] {
    return [...this.#members.values()].sort((a, b) => a.record.address.sbdf - b.record.address.sbdf);
  }

  /** The member at an address, as last known. */
  knownAt(address: PciAddress): Member | undefined {
    return this.#members.get(address.sbdf);
  }

  /** The member at an address. */
  at(address: PciAddress): Member | undefined {
    const member = this.knownAt(address);
    if (member === undefined || member.state.state === 'taken' || member.state.state === 'changing')
      return member;
    if (this.#isHeld(member.record)) return member;
    this.#members.delete(address.sbdf);
    return undefined;
  }

  /** @throws {NotClaimedError | FunctionNotFoundError} */
  get(address: PciAddress): Member {
    const member = this.at(address);
    if (member !== undefined) return member;
    // One that is not there at all is a different mistake.
    this.#machine.open(address).close();
    throw new NotClaimedError(address, this.#machine.drivers.binding(address).driver);
  }

  /** @throws {NotClaimedError | FunctionTakenError | FunctionChangingError} unless it is a member that nobody has. */
  getFree(address: PciAddress): Member {
    const member = this.get(address);
    checkIdle(member);
    return member;
  }

  /** After a change, however it ended, the journal says what is a member. */
  settle(member: Member): void {
    const { address } = member.record;
    const record = this.#journal.records().find((one) => one.address.equals(address));
    if (record === undefined) {
      this.#members.delete(address.sbdf);
      return;
    }
    member.record = record;
    member.state = stateOf(record);
  }

  /** Whether the machine still has a function at the address: a member may be gone. No device is touched. */
  isThere(address: PciAddress): boolean {
    const there = this.#machine.present?.() ?? this.#machine.list();
    return there.some((one) => one.address.equals(address));
  }

  /** @throws {NotAssignableError | FunctionNotFoundError} */
  checkAssignable(address: PciAddress): void {
    using fn = this.#machine.open(address);
    checkAssignable(fn);
  }

  /** No driver of the host has it. One that lost its holder in a failed step is still ours to release. */
  #isHeld({ address, holder }: ClaimRecord): boolean {
    const { driver } = this.#machine.drivers.binding(address);
    return driver === undefined || driver === holder;
  }
}

/** Nobody has it or changes it; one in quarantine is idle. @throws {FunctionTakenError | FunctionChangingError} */
export function checkIdle({ record: { address }, state }: Member): void {
  if (state.state === 'taken') throw new FunctionTakenError(address, state.taker);
  if (state.state === 'changing') throw new FunctionChangingError(address);
}

/** Kept by a holder that another tool, or the boot, has given it to. */
export function adopted(address: PciAddress, holder: string | undefined): ClaimRecord {
  return { address, formerDriver: undefined, formerOverride: undefined, holder };
}
