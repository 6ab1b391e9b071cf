/** Functions of the pool in virtual machines of QEMU: given over its monitor, and taken back. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenslotError, type PciAddress } from '../../pci/index.js';
import type { Lease, Pool, ReturnReport } from '../../pool/index.js';
import {
  connectMonitor,
  MonitorRefusedError,
  MonitorUnreachableError,
  type MonitorClient,
} from '../../qmp/index.js';
import { AttachUnsafeError, refused, type FindingData, type FindingName } from '../findings/index.js';
import type { PlanData } from '../plan/index.js';
import {
  checkFit,
  checkOnce,
  findingsFor,
  othersOfTheirGroups,
  refusedDevice,
  type PoolHost,
} from './attach-checks.js';
import { deviceId } from './device-arguments.js';
import {
  GivenAtStartError,
  GroupKeptError,
  GuestKeepsError,
  HalfAttachedError,
  NotGivenError,
} from './errors.js';
import { letGo } from './let-go.js';
import { refusalOf } from './refusals.js';
import type { QemuAttachment, QemuAttachReport, QemuDetachReport } from './reports.js';
import { VirtualMachine, type GuestPlaceOfDevice } from './virtual-machine.js';

/** Linux's guests press the button and wait 5 s before they begin. */
const GUEST_MS = 30_000;
/** For a guest that is to number a new bus; it finds the device also later. */
const PLACE_MS = 2000;
const LOOK_MS = 50;

export interface QemuAttachOptions {
  readonly allow?: readonly FindingName[];
  /** Id of the bus or port that it comes to; a free port, else as QEMU chooses. */
  readonly bus?: string;
}

export interface QemuAttachmentsOptions extends PoolHost {
  /** Milliseconds for the guest; for tests. */
  readonly patience?: number;
}

/** What was found out before anything is changed. */
interface Prepared {
  /** It has them already. */
  readonly given: readonly PciAddress[];
  /** It is said to have them, and has not. */
  readonly stale: readonly PciAddress[];
  readonly findings: readonly FindingData[];
}

/** One virtual machine, by the path of its monitor's socket. */
export class QemuAttachments implements Disposable {
  /** `qmp:SOCKET`: the pool's word for who has its functions. */
  readonly taker: string;
  readonly #socket: string;
  readonly #host: PoolHost;
  readonly #pool: Pool;
  readonly #machine: QemuAttachmentsOptions['machine'];
  readonly #patience: number;
  /** Of what was given here; what a former process gave is resumed from the pool's record. */
  readonly #leases = new Map<number, Lease>();

  constructor(socket: string, { pool, machine, patience = GUEST_MS }: QemuAttachmentsOptions) {
    this.#socket = wholePath(socket);
    this.taker = `qmp:${this.#socket}`;
    this.#host = { pool, machine };
    this.#pool = pool;
    this.#machine = machine;
    this.#patience = patience;
  }

  /** All of them or none, as far as the guest lets go again of what came first. @throws {OpenslotError} */
  async attach(
    addresses: readonly PciAddress[],
    { allow = [], bus }: QemuAttachOptions = {},
  ): Promise<QemuAttachReport> {
    checkFit(this.#host, addresses);
    using monitor = await connectMonitor(this.#socket);
    const machine = new VirtualMachine(monitor);
    const { stale } = await this.#prepare(machine, addresses, allow);
    for (const address of stale) await this.#giveBack(address);
    const functions = await this.#addAll(machine, addresses, bus);
    return { taker: this.taker, version: await monitor.ready, functions };
  }

  /** What {@link attach} would find and do. @throws {OpenslotError} what it would refuse. */
  async planAttach(
    addresses: readonly PciAddress[],
    { allow = [], bus }: QemuAttachOptions = {},
  ): Promise<PlanData> {
    checkFit(this.#host, addresses);
    using monitor = await connectMonitor(this.#socket);
    const { given, stale, findings } = await this.#prepare(new VirtualMachine(monitor), addresses, allow);
    const where = bus ?? 'a free port';
    const steps = addresses
      .filter((address) => !given.includes(address))
      .flatMap((address) => [
        ...(stale.includes(address)
          ? [{ what: `take ${address} back, which ${this.taker} has no more: it was started anew` }]
          : []),
        {
          what: `record in the pool that ${this.taker} has ${address}`,
          undo: `reset ${address}, restore its registers, record that it is free`,
        },
        {
          what: `have QEMU add it to ${where} as ${deviceId(address)}`,
          undo: `ask the guest to let go of it (device_del)`,
        },
      ]);
    return { what: `attach ${addresses.join(' ')} to ${this.taker}`, findings, steps };
  }

  /**
   * Takes functions back: the guest lets go of each, then they are reset, restored and free. A machine that has ended is
   * not asked. @throws {OpenslotError} those that the guest keeps stay given to it.
   */
  async detach(addresses: readonly PciAddress[]): Promise<QemuDetachReport> {
    this.#checkDetach(addresses);
    const monitor = await this.#connectIfThere();
    try {
      if (monitor !== undefined) await this.#removeAll(new VirtualMachine(monitor), addresses);
    } finally {
      monitor?.[Symbol.dispose]();
    }
    const functions: ReturnReport[] = [];
    for (const address of addresses) functions.push(await this.#giveBack(address));
    return { taker: this.taker, asked: monitor !== undefined, functions };
  }

  /** What {@link detach} would do. @throws {OpenslotError} what it would refuse. */
  async planDetach(addresses: readonly PciAddress[]): Promise<PlanData> {
    this.#checkDetach(addresses);
    using monitor = await this.#connectIfThere();
    const steps = addresses.flatMap((address) => [
      ...(monitor === undefined ? [] : [{ what: `ask the guest to let go of ${address} (device_del)` }]),
      { what: `wait until no process has ${address}` },
      { what: `reset ${address}, restore its registers, record that it is free` },
    ]);
    return { what: `detach ${addresses.join(' ')} from ${this.taker}`, findings: [], steps };
  }

  /** Functions of the pool that were given to this machine. */
  has(): readonly PciAddress[] {
    return this.#pool
      .list()
      .flatMap((member) => (member.state === 'taken' && member.taker === this.taker ? [member.address] : []));
  }

  /** The machine keeps what it has: the pool's record says so to the next process. */
  [Symbol.dispose](): void {
    for (const lease of this.#leases.values()) lease.function.close();
    this.#leases.clear();
  }

  /** What stands in the way is thrown, before anything is changed. */
  async #prepare(
    machine: VirtualMachine,
    addresses: readonly PciAddress[],
    allow: readonly FindingName[],
  ): Promise<Prepared> {
    const there = await machine.passedThrough();
    const given: PciAddress[] = [];
    const stale: PciAddress[] = [];
    for (const address of addresses) {
      const id = there.find((one) => one.address.equals(address))?.id;
      if (!this.#hasGiven(address)) {
        if (id !== undefined) throw new GivenAtStartError(address, this.taker, id);
        this.#pool.checkTakeable(address);
      } else if (id === undefined) stale.push(address);
      else given.push(address);
    }
    const findings = await findingsFor(this.#host, addresses, this.has());
    const unsafe = refused(findings, { allowed: allow, evenIfCritical: [] });
    if (unsafe.length > 0) throw new AttachUnsafeError({ name: this.taker }, addresses.join(' '), unsafe);
    return { given, stale, findings };
  }

  async #addAll(
    machine: VirtualMachine,
    addresses: readonly PciAddress[],
    bus: string | undefined,
  ): Promise<readonly QemuAttachment[]> {
    const added: QemuAttachment[] = [];
    for (const address of addresses) {
      try {
        added.push(await this.#add(machine, address, bus));
      } catch (error) {
        if (!(error instanceof OpenslotError)) throw error;
        const fresh = added.filter(({ before }) => !before).map((one) => one.address);
        const kept = await this.#removeAgain(machine, fresh);
        throw kept.length === 0 ? error : new HalfAttachedError(this.taker, error, kept);
      }
    }
    return added;
  }

  async #add(
    machine: VirtualMachine,
    address: PciAddress,
    named: string | undefined,
  ): Promise<QemuAttachment> {
    const id = deviceId(address);
    if (this.#hasGiven(address))
      return { address, id, bus: undefined, before: true, ...(await this.#placeOf(machine, id)) };
    const bus = named ?? (await machine.freePort());
    const lease = this.#pool.take(address, this.taker);
    this.#leases.set(address.sbdf, lease);
    try {
      await machine.add('vfio-pci', id, {
        host: String(address),
        ...(bus === undefined ? {} : { bus }),
      });
    } catch (error) {
      // Without an answer nobody knows whether it has it: the record stays, and the next command asks.
      if (!(error instanceof MonitorRefusedError)) throw error;
      await this.#giveBackLease(lease);
      throw refusalOf(error.said, refusedDevice(this.#machine, address, bus), { cause: error });
    }
    return { address, id, bus, before: false, ...(await this.#placeOf(machine, id)) };
  }

  #hasGiven(address: PciAddress): boolean {
    return this.has().some((one) => one.equals(address));
  }

  #checkDetach(addresses: readonly PciAddress[]): void {
    checkOnce(addresses);
    const has = this.has();
    const missing = addresses.find((address) => !this.#hasGiven(address));
    if (missing !== undefined) {
      // One that is not there, or not in the pool, is a different mistake.
      this.#pool.holderOf(missing);
      throw new NotGivenError(missing, this.taker, has);
    }
    const kept = othersOfTheirGroups(this.#machine, addresses, has);
    if (kept.length > 0) throw new GroupKeptError(this.taker, addresses, kept);
  }

  async #placeOf(machine: VirtualMachine, id: string): Promise<{ readonly place?: GuestPlaceOfDevice }> {
    for (const latest = performance.now() + PLACE_MS; ;) {
      const place = await machine.placeOf(id);
      if (place !== undefined) return { place };
      if (performance.now() > latest) return {};
      await sleep(LOOK_MS);
    }
  }

  /** @returns those that the guest keeps. */
  async #removeAgain(
    machine: VirtualMachine,
    addresses: readonly PciAddress[],
  ): Promise<readonly PciAddress[]> {
    const kept: PciAddress[] = [];
    for (const address of addresses.toReversed()) {
      try {
        await this.#removeAll(machine, [address]);
        await this.#giveBack(address);
      } catch (error) {
        if (!(error instanceof OpenslotError)) throw error;
        kept.push(address);
      }
    }
    return kept;
  }

  async #removeAll(machine: VirtualMachine, addresses: readonly PciAddress[]): Promise<void> {
    const there = await machine.passedThrough();
    // Asked together: each guest takes its seconds for each.
    const removals = await Promise.all(
      addresses.map(async (address) => {
        const id = there.find((one) => one.address.equals(address))?.id;
        return { address, removal: id === undefined ? 'gone' : await machine.remove(id, this.#patience) };
      }),
    );
    for (const { address, removal } of removals) {
      if (removal === 'gone') continue;
      const code = removal === 'refused' ? 'QEMU_GUEST_REFUSED' : 'QEMU_GUEST_SILENT';
      throw new GuestKeepsError(code, address, this.taker, addresses, this.#patience / 1000);
    }
  }

  /** Undefined where the machine has ended. */
  async #connectIfThere(): Promise<MonitorClient | undefined> {
    try {
      return await connectMonitor(this.#socket);
    } catch (error) {
      if (error instanceof MonitorUnreachableError && error.absent) return undefined;
      throw error;
    }
  }

  async #giveBack(address: PciAddress): Promise<ReturnReport> {
    await letGo(this.#machine, address);
    return this.#giveBackLease(this.#leases.get(address.sbdf) ?? this.#pool.resume(address, this.taker));
  }

  #giveBackLease(lease: Lease): Promise<ReturnReport> {
    this.#leases.delete(lease.function.address.sbdf);
    return lease.giveBack();
  }
}

/** One socket has one name, however it was typed. */
function wholePath(socket: string): string {
  try {
    return realpathSync(socket);
  } catch {
    return resolve(socket);
  }
}
