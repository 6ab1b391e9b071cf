/** The pool itself: claim and release, one taker at a time, reset and restore on every return. */
import {
  ResetError,
  restoreState,
  saveState,
  type HostDrivers,
  type Machine,
  type PciFunction,
  type ResetMethod,
  type SavedState,
} from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { ClaimJournal, ClaimRecord } from './claim-journal.js';
import {
  AlreadyClaimedError,
  FunctionTakenError,
  NotAssignableError,
  NotClaimedError,
  QuarantinedError,
} from './errors.js';
import { Ledger } from './ledger.js';

const COMMAND = 0x04;
const BUS_MASTER = 0x0004;
const BASE_CLASS = 0x0b;
const BRIDGE = 0x06;
const HEADER_TYPE = 0x0e;
/** Names the only driver that may bind, where none shall: no driver has this name. */
export const NO_DRIVER = 'openslot';

/** How a function came back from its taker. */
export interface ReturnReport {
  readonly address: PciAddress;
  /** The method that reset it, or why it could not be reset. */
  readonly reset: { readonly method: ResetMethod } | { readonly failed: string };
  /** Registers that did not take their saved value again. */
  readonly differing: readonly string[];
  /** Grants that could not be undone. */
  readonly unsettled: readonly string[];
  /** Set when the function is kept from everybody from now on. */
  readonly quarantined: string | undefined;
}

/** A pool function in one taker's hands. */
export interface Lease {
  readonly function: PciFunction;
  readonly taker: string;
  readonly ledger: Ledger;
  /** Settles the ledger, resets and restores the function, and makes it free. The second call gives the same report. */
  giveBack(): Promise<ReturnReport>;
}

export type PoolState =
  | { readonly state: 'free' }
  | { readonly state: 'taken'; readonly taker: string }
  | { readonly state: 'quarantined'; readonly why: string };

interface Member {
  readonly record: ClaimRecord;
  state: PoolState;
  /** Taken when the member was first opened here, before any taker touched it. */
  saved: SavedState | undefined;
}

/** @throws {Error} what a claim or release met; the host is as before then. */
export class Pool {
  readonly #machine: Machine;
  readonly #drivers: HostDrivers;
  readonly #journal: ClaimJournal;
  readonly #members = new Map<number, Member>();

  /** Members are the journal's, all free: a taker does not outlive the owner's process. */
  constructor(machine: Machine & { readonly drivers: HostDrivers }, journal: ClaimJournal) {
    this.#machine = machine;
    this.#drivers = machine.drivers;
    this.#journal = journal;
    for (const record of journal.records()) this.#add(record);
  }

  /** Claimed functions and what becomes of each, in order of address. */
  list(): readonly (PoolState & { readonly address: PciAddress; readonly holder: string | undefined })[] {
    return [...this.#members.values()]
      .sort((a, b) => a.record.address.sbdf - b.record.address.sbdf)
      .map(({ record, state }) => ({ address: record.address, holder: record.holder, ...state }));
  }

  has(address: PciAddress): boolean {
    return this.#members.has(address.sbdf);
  }

  /**
   * Takes a function from its host driver. `holder` is the driver that keeps it for the pool; without one it is kept
   * by having no driver. When a step fails the steps before it are undone.
   */
  async claim(address: PciAddress, holder: string | undefined): Promise<ClaimRecord> {
    const member = this.#members.get(address.sbdf);
    if (member !== undefined)
      throw new AlreadyClaimedError(address, member.record.holder ?? 'having no driver');
    this.#checkAssignable(address);
    const { driver, override } = this.#drivers.binding(address);
    if (driver !== undefined && driver === holder) {
      // Held already (by `xl pci-assignable-add`, or at boot): it joins the pool as it stands.
      return this.adopt(address);
    }
    const record: ClaimRecord = { address, formerDriver: driver, formerOverride: override, holder };
    this.#journal.put(record);
    try {
      // From the unbind on, no other driver may take the function in between.
      await this.#drivers.setOverride(address, holder ?? NO_DRIVER);
      await this.#drivers.unbind(address);
      if (holder !== undefined) {
        await this.#drivers.bind(address, holder);
        // A bound holder is protection enough, and other tools can give the function back without knowing of this.
        await this.#drivers.setOverride(address, override);
      }
    } catch (cause) {
      await this.#rebind(record).catch(() => undefined);
      this.#journal.remove(address);
      throw cause;
    }
    this.#add(record);
    return record;
  }

  /** Makes a function a member that its holder already keeps; its former driver is not known. */
  adopt(address: PciAddress): ClaimRecord {
    this.#checkAssignable(address);
    const { driver } = this.#drivers.binding(address);
    const record: ClaimRecord = {
      address,
      formerDriver: undefined,
      formerOverride: undefined,
      holder: driver,
    };
    this.#journal.put(record);
    this.#add(record);
    return record;
  }

  /** @throws {NotClaimedError | FunctionTakenError} unless the function is a member that nobody has. */
  checkFree(address: PciAddress): void {
    const { state } = this.#member(address);
    if (state.state === 'taken') throw new FunctionTakenError(address, state.taker);
  }

  /**
   * Gives a free function back to the driver it had before the claim. An adopted one goes to `remembered`, the driver
   * that somebody else remembers of it.
   */
  async release(address: PciAddress, remembered?: string): Promise<ClaimRecord> {
    this.checkFree(address);
    const member = this.#member(address);
    const record = { ...member.record, formerDriver: member.record.formerDriver ?? remembered };
    await this.#rebind(record);
    this.#journal.remove(address);
    this.#members.delete(address.sbdf);
    return record;
  }

  /** Gives a free function to one taker, named as messages will name it. */
  take(address: PciAddress, taker: string): Lease {
    const member = this.#member(address);
    if (member.state.state === 'taken') throw new FunctionTakenError(address, member.state.taker);
    if (member.state.state === 'quarantined') throw new QuarantinedError(address, member.state.why);
    const fn = this.#machine.open(address);
    try {
      member.saved ??= saveState(fn.config);
    } catch (cause) {
      fn.close();
      throw cause;
    }
    member.state = { state: 'taken', taker };
    const ledger = new Ledger();
    let returned: Promise<ReturnReport> | undefined;
    return {
      function: fn,
      taker,
      ledger,
      giveBack: () => (returned ??= this.#return(member, fn, ledger)),
    };
  }

  async #return(member: Member, fn: PciFunction, ledger: Ledger): Promise<ReturnReport> {
    const address = fn.address;
    const unsettled = (await ledger.settle()).map(({ what, error }) => `${what}: ${String(error)}`);
    let reset: ReturnReport['reset'];
    let differing: readonly string[] = [];
    let quarantined: string | undefined;
    try {
      // A device that still masters the bus would write into memory that is no longer its taker's.
      const command = fn.config.read(COMMAND, 2);
      if ((command & BUS_MASTER) !== 0) fn.config.write(COMMAND, 2, command & ~BUS_MASTER);
      reset = await this.#reset(fn);
      differing = restoreState(fn.config, member.saved ?? []);
      if (fn.config.read(0, 2) === 0xffff) quarantined = 'it reads all ones: it is gone, or hangs';
      else if ('failed' in reset && fn.resetMethods.length > 0) quarantined = reset.failed;
    } catch (error) {
      reset = { failed: String(error) };
      quarantined = `it could not be restored: ${String(error)}`;
    } finally {
      fn.close();
    }
    member.state = quarantined === undefined ? { state: 'free' } : { state: 'quarantined', why: quarantined };
    return { address, reset, differing, unsettled, quarantined };
  }

  async #reset(fn: PciFunction): Promise<ReturnReport['reset']> {
    try {
      return { method: await fn.reset() };
    } catch (error) {
      if (error instanceof ResetError) return { failed: error.message };
      throw error;
    }
  }

  async #rebind(record: ClaimRecord): Promise<void> {
    const { address, formerDriver, formerOverride } = record;
    await this.#drivers.unbind(address);
    await this.#drivers.setOverride(address, formerOverride);
    if (formerDriver !== undefined) await this.#drivers.bind(address, formerDriver);
  }

  #checkAssignable(address: PciAddress): void {
    const fn = this.#machine.open(address);
    try {
      const headerType = fn.config.read(HEADER_TYPE, 1) & 0x7f;
      if (headerType === 1)
        throw new NotAssignableError(address, 'it is a bridge; the functions behind it can be');
      if (headerType !== 0) throw new NotAssignableError(address, `its header is of type ${headerType}`);
      // Host and ISA bridges have an ordinary header, and the host behind them.
      if (fn.config.read(BASE_CLASS, 1) === BRIDGE)
        throw new NotAssignableError(address, 'it is a bridge of the host');
    } finally {
      fn.close();
    }
  }

  #member(address: PciAddress): Member {
    const member = this.#members.get(address.sbdf);
    if (member === undefined) throw new NotClaimedError(address, this.#drivers.binding(address).driver);
    return member;
  }

  #add(record: ClaimRecord): void {
    this.#members.set(record.address.sbdf, { record, state: { state: 'free' }, saved: undefined });
  }
}
