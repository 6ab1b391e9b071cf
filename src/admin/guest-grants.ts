/** Grants and revokes what goes with a function, in the hypervisor and in the record, for one guest. */
import type { Machine } from '../function/index.js';
import { messageOf, OpenslotError, type PciAddress } from '../pci/index.js';
import { XenCallError, type Pirq, type XenPlatform } from '../xen/index.js';
import { GuestGoneError, GuestNotPreparedError } from './errors.js';
import { endDma } from './function-dma.js';
import { GrantRecords } from './grant-records.js';
import { frame, grantsOf, grantsWithout, type Grants } from './grants.js';
import type { Guest } from './guests.js';

/** What is granted so far. */
interface Done {
  memory: Grants['memory'];
  ports: Grants['ports'];
  pirq: Pirq | undefined;
  assigned: boolean;
}

export class GuestGrants {
  readonly #platform: XenPlatform;
  readonly #machine: Machine;
  readonly #guest: Guest;
  readonly #records: GrantRecords;

  constructor(platform: XenPlatform, machine: Machine, guest: Guest) {
    this.#platform = platform;
    this.#machine = machine;
    this.#guest = guest;
    this.#records = new GrantRecords(platform.store, guest);
  }

  /**
   * From now on a later process knows that this guest was to have the function, and undoes what it finds of that.
   * @returns what takes it back.
   */
  async announce(address: PciAddress): Promise<() => Promise<void>> {
    const announced = await this.#records.announce(address);
    return async () => {
      if (announced) await this.#records.withdraw(address);
    };
  }

  /** Functions of which something may be granted. */
  recorded(): Promise<readonly PciAddress[]> {
    return this.#records.list();
  }

  /**
   * All or nothing. `others` are the functions that the guest has besides.
   * @throws {GuestNotPreparedError | XenCallError}
   */
  async grant(address: PciAddress, others: readonly PciAddress[]): Promise<void> {
    using fn = this.#machine.open(address);
    const { pirq: line, ...ranges } = grantsOf(fn);
    // Ahead of the grants: an end in between leaves more in the record than was granted, never less.
    if (!(await this.#records.write(address, { ...ranges, pirq: undefined })))
      throw new GuestGoneError(this.#guest);
    const done: Done = { memory: [], ports: [], pirq: undefined, assigned: false };
    try {
      this.#assign(address);
      done.assigned = true;
      this.#allowRanges(ranges, done);
      if (line === undefined) return;
      done.pirq = this.#platform.pirqs.map(this.#guest.id, { kind: 'intx', gsi: line });
      await this.#records.write(address, { ...ranges, pirq: done.pirq });
      this.#platform.permissions.interrupt(this.#guest.id, done.pirq, true);
    } catch (cause) {
      const unsettled = await this.#undo(address, done, others);
      if (unsettled.length === 0) await this.#records.remove(address);
      throw cause;
    }
  }

  /**
   * Takes back exactly what was granted with the function, by us or by libxl, and none of what the guest has with
   * `others`.
   * @param last what is done while the record still says that the function is the guest's: an end in between is found by
   * it.
   * @returns what could not be taken back, with the reason.
   */
  async revoke(
    address: PciAddress,
    others: readonly PciAddress[],
    last: () => Promise<void> = () => Promise.resolve(),
  ): Promise<readonly string[]> {
    const recorded = await this.#records.read(address);
    const grants = recorded ?? this.#unrecorded(address);
    const unsettled = await this.#undo(address, { ...grants, assigned: true }, others);
    await last();
    // Whose record is gone by now was overtaken: what he could not take back others have taken back.
    const overtaken = !(await this.#records.remove(address)) && recorded !== undefined;
    return overtaken ? [] : unsettled;
  }

  /** Takes back what {@link grant} gave: nothing where somebody else has done so since. */
  async withdraw(address: PciAddress, others: readonly PciAddress[]): Promise<readonly string[]> {
    return (await this.#records.read(address)) === undefined ? [] : this.revoke(address, others);
  }

  async #granted(address: PciAddress): Promise<Grants> {
    return (await this.#records.read(address)) ?? this.#unrecorded(address);
  }

  /** Without a record it is what libxl grants. A function that is gone has no ranges any more. */
  #unrecorded(address: PciAddress): Grants {
    try {
      using fn = this.#machine.open(address);
      return grantsOf(fn);
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      return { memory: [], ports: [], pirq: undefined };
    }
  }

  /** First, because it tells whether the guest can be given anything: it has an IOMMU context of its own. */
  #assign(address: PciAddress): void {
    try {
      this.#platform.assignment.assign(this.#guest.id, address);
    } catch (cause) {
      if (!(cause instanceof XenCallError) || cause.errno !== 'EOPNOTSUPP') throw cause;
      throw new GuestNotPreparedError(this.#guest, ['passthrough="enabled"'], { cause });
    }
  }

  #allowRanges({ memory, ports }: Pick<Grants, 'memory' | 'ports'>, done: Done): void {
    const { permissions } = this.#platform;
    for (const run of memory) {
      permissions.memory(this.#guest.id, frame(run), run.count, true);
      done.memory = [...done.memory, run];
    }
    for (const run of ports) {
      permissions.ports(this.#guest.id, run.first, run.count, true);
      done.ports = [...done.ports, run];
    }
  }

  /** The opposite of {@link grant}, in reverse; a step that fails keeps none of the others from being done. */
  async #undo(address: PciAddress, done: Done, others: readonly PciAddress[]): Promise<readonly string[]> {
    const { permissions, pirqs } = this.#platform;
    const { id } = this.#guest;
    const kept = await Promise.all(others.map((other) => this.#granted(other)));
    const { memory, ports, pirq } = grantsWithout(done, kept);
    const unsettled: string[] = [];
    const step = (what: string, undo: () => void) => {
      try {
        undo();
      } catch (error) {
        unsettled.push(`${what}: ${messageOf(error)}`);
      }
    };
    if (pirq !== undefined) {
      step(`permission for pirq ${pirq}`, () => {
        permissions.interrupt(id, pirq, false);
      });
      step(`pirq ${pirq}`, () => {
        pirqs.unmap(id, pirq);
      });
    }
    for (const run of ports) {
      step(`ports from 0x${run.first.toString(16)}`, () => {
        permissions.ports(id, run.first, run.count, false);
      });
    }
    for (const run of memory) {
      step(`memory from frame 0x${run.first.toString(16)}`, () => {
        permissions.memory(id, frame(run), run.count, false);
      });
    }
    if (done.assigned) {
      step(`assignment of ${address}`, () => {
        endDma(this.#platform, id, address);
      });
    }
    return unsettled;
  }
}
