/** Functions of the pool in virtual machines of QEMU: given over its monitor, and taken back. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAM_HOLDERS, type HostDrivers, type Machine } from '../../function/index.js';
import { messageOf, OpenslotError, type PciAddress } from '../../pci/index.js';
import type { Lease, Pool, ReturnReport } from '../../pool/index.js';
import {
  connectMonitor,
  MonitorRefusedError,
  MonitorUnreachableError,
  type MonitorClient,
} from '../../qmp/index.js';
import { othersOfGroup } from '../claim-purpose.js';
import { FunctionNamedTwiceError } from '../errors.js';
import {
  AttachUnsafeError,
  describeFinding,
  Examiner,
  refused,
  type Finding,
  type FindingName,
} from '../findings/index.js';
import { deviceId } from './device-arguments.js';
import {
  GivenAtStartError,
  GroupKeptError,
  GuestKeepsError,
  HalfAttachedError,
  NotForVfioError,
  NotGivenError,
} from './errors.js';
import { refusalOf } from './refusals.js';
import { VirtualMachine, type GuestPlaceOfDevice } from './virtual-machine.js';

/** Of findings, those that hold where VFIO keeps functions apart: it shares lines, and maps only whole pages. */
const VFIO_FINDINGS: ReadonlySet<FindingName> = new Set(['no-reset', 'no-iommu', 'split-device']);

/** Linux's guests press the button and wait 5 s before they begin. */
const GUEST_MS = 30_000;
/** For a guest that is to number a new bus; it finds the device also later. */
const PLACE_MS = 2000;
/** QEMU closes what it has of VFIO a moment after it says that the device is gone. */
const CLOSING_MS = 10_000;
const LOOK_MS = 50;

export interface QemuAttachOptions {
  readonly allow?: readonly FindingName[];
  /** Id of the bus or port that it comes to; a free port, else as QEMU chooses. */
  readonly bus?: string;
}

export interface QemuAttachment {
  readonly address: PciAddress;
  /** Of the device in QEMU. */
  readonly id: string;
  readonly bus: string | undefined;
  /** Absent while the guest has not looked there. */
  readonly place?: GuestPlaceOfDevice;
  /** It was there already. */
  readonly before: boolean;
}

export interface QemuAttachReport {
  /** `qmp:SOCKET`, by its whole path: who the functions are given to in the pool. */
  readonly taker: string;
  /** Of QEMU. */
  readonly version: string;
  readonly functions: readonly QemuAttachment[];
}

export interface QemuDetachReport {
  readonly taker: string;
  /** False where QEMU had ended. */
  readonly asked: boolean;
  readonly functions: readonly ReturnReport[];
}

export interface QemuAttachmentsOptions {
  readonly pool: Pool;
  readonly machine: Machine & { readonly drivers: HostDrivers };
  /** Milliseconds for the guest; for tests. */
  readonly patience?: number;
}

/** One virtual machine, by the path of its monitor's socket. */
export class QemuAttachments implements Disposable {
  /** `qmp:SOCKET`: the pool's word for who has its functions. */
  readonly taker: string;
  readonly #socket: string;
  readonly #pool: Pool;
  readonly #machine: QemuAttachmentsOptions['machine'];
  readonly #patience: number;
  /** Of what was given here; what a former process gave is resumed from the pool's record. */
  readonly #leases = new Map<number, Lease>();

  constructor(socket: string, { pool, machine, patience = GUEST_MS }: QemuAttachmentsOptions) {
    this.#socket = wholePath(socket);
    this.taker = `qmp:${this.#socket}`;
    this.#pool = pool;
    this.#machine = machine;
    this.#patience = patience;
  }

  /** All of them or none, as far as the guest lets go again of what came first. @throws {OpenslotError} */
  async attach(
    addresses: readonly PciAddress[],
    { allow = [], bus }: QemuAttachOptions = {},
  ): Promise<QemuAttachReport> {
    checkOnce(addresses);
    for (const address of addresses) this.#checkHolder(address);
    for (const address of addresses) this.#checkGroup(address);
    const monitor = await connectMonitor(this.#socket);
    try {
      const machine = new VirtualMachine(monitor);
      const there = await machine.passedThrough();
      for (const address of addresses) await this.#checkTakeable(address, there);
      await this.#checkSafe(addresses, allow);
      const functions = await this.#addAll(machine, addresses, bus);
      return { taker: this.taker, version: await monitor.ready, functions };
    } finally {
      monitor[Symbol.dispose]();
    }
  }

  /**
   * Takes functions back: the guest lets go of each, then they are reset, restored and free. A machine that has ended is
   * not asked. @throws {OpenslotError} those that the guest keeps stay given to it.
   */
  async detach(addresses: readonly PciAddress[]): Promise<QemuDetachReport> {
    checkOnce(addresses);
    const has = this.has();
    const missing = addresses.find((address) => !has.some((one) => one.equals(address)));
    if (missing !== undefined) {
      // One that is not there, or not in the pool, is a different mistake.
      this.#pool.holderOf(missing);
      throw new NotGivenError(missing, this.taker, has);
    }
    const kept = this.#alsoOfGroups(addresses, has);
    if (kept.length > 0) throw new GroupKeptError(this.taker, addresses, kept);
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

  #checkHolder(address: PciAddress): void {
    const pool = this.#pool;
    if (!pool.has(address)) {
      this.#machine.open(address).close();
      throw new NotForVfioError(address, undefined);
    }
    const holder = pool.holderOf(address);
    if (holder !== PROGRAM_HOLDERS.vfio) throw new NotForVfioError(address, holder ?? null);
  }

  /** QEMU would refuse it in the same words, but only when it has been taken, and nothing of such a group can be reset. */
  #checkGroup(address: PciAddress): void {
    const device = this.#deviceOf(address, undefined);
    if (device.others.length > 0) throw refusalOf(`group ${device.group ?? ''} is not viable`, device);
  }

  /** What the record says of a machine that was started anew under the same name is no more: it comes back first. */
  async #checkTakeable(
    address: PciAddress,
    there: readonly { readonly id: string; readonly address: PciAddress }[],
  ): Promise<void> {
    const id = there.find((one) => one.address.equals(address))?.id;
    const ours = this.has().some((one) => one.equals(address));
    if (!ours && id !== undefined) throw new GivenAtStartError(address, this.taker, id);
    if (ours && id === undefined) await this.#giveBack(address);
    if (!ours) this.#pool.checkTakeable(address);
  }

  async #checkSafe(addresses: readonly PciAddress[], allow: readonly FindingName[]): Promise<void> {
    const examiner = new Examiner({
      machine: this.#machine,
      pool: this.#pool,
      store: undefined,
      translates: () => undefined,
    });
    const found = await examiner.examine(addresses, { guest: undefined, has: this.has() });
    const matter = found.filter(({ name }: Finding) => VFIO_FINDINGS.has(name)).map(describeFinding);
    const unsafe = refused(matter, { allowed: allow, evenIfCritical: [] });
    if (unsafe.length > 0) throw new AttachUnsafeError({ name: this.taker }, addresses.join(' '), unsafe);
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
    if (this.has().some((one) => one.equals(address)))
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
      throw refusalOf(error.said, this.#deviceOf(address, bus), { cause: error });
    }
    return { address, id, bus, before: false, ...(await this.#placeOf(machine, id)) };
  }

  #deviceOf(address: PciAddress, bus: string | undefined) {
    const machine = this.#machine;
    const group = machine.list().find((one) => one.address.equals(address))?.iommuGroup;
    return { address, group, others: othersOfGroup(machine, address, [address]), bus };
  }

  async #placeOf(machine: VirtualMachine, id: string): Promise<{ readonly place?: GuestPlaceOfDevice }> {
    for (let left = PLACE_MS; ; left -= LOOK_MS) {
      const place = await machine.placeOf(id);
      if (place !== undefined) return { place };
      if (left <= 0) return {};
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
      throw new GuestKeepsError(code, address, this.taker, this.#patience / 1000);
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

  /** Functions that this machine would keep, of groups of which it gives a part back. */
  #alsoOfGroups(addresses: readonly PciAddress[], has: readonly PciAddress[]): readonly PciAddress[] {
    const groups = new Map(this.#machine.list().map((fn) => [fn.address.sbdf, fn.iommuGroup]));
    const groupOf = ({ sbdf }: PciAddress) => groups.get(sbdf);
    const leaving = new Set(addresses.map(groupOf).filter((group) => group !== undefined));
    return has.filter((one) => {
      const group = groupOf(one);
      return group !== undefined && leaving.has(group) && !addresses.some((other) => other.equals(one));
    });
  }

  async #giveBack(address: PciAddress): Promise<ReturnReport> {
    await this.#letGo(address);
    return this.#giveBackLease(this.#leases.get(address.sbdf) ?? this.#pool.resume(address, this.taker));
  }

  #giveBackLease(lease: Lease): Promise<ReturnReport> {
    this.#leases.delete(lease.function.address.sbdf);
    return lease.giveBack();
  }

  /**
   * Settles when no process drives the function any more. A monitor that nobody answers at is no proof: a socket can be
   * removed behind a machine that runs. @throws {OpenslotError} `VFIO_BUSY`: somebody does.
   */
  async #letGo(address: PciAddress): Promise<void> {
    for (let left = CLOSING_MS; ; left -= LOOK_MS) {
      const busy = this.#busy(address);
      if (busy === undefined) return;
      if (left <= 0) throw busy;
      await sleep(LOOK_MS);
    }
  }

  #busy(address: PciAddress): OpenslotError | undefined {
    using fn = this.#machine.open(address);
    const [region] = fn.regions;
    if (region === undefined) return undefined;
    try {
      fn.openRegion(region.index).close();
      return undefined;
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      // Whatever else keeps this process from driving it, the return will meet and tell.
      return error.code === 'VFIO_BUSY' ? error : undefined;
    }
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

function checkOnce(addresses: readonly PciAddress[]): void {
  const twice = addresses.find((one, index) => addresses.findIndex((other) => other.equals(one)) !== index);
  if (twice !== undefined) throw new FunctionNamedTwiceError(twice);
}

/** How each came back, in words; what did not go well only. */
export function remarksOf({ functions }: QemuDetachReport): readonly string[] {
  return functions.flatMap(({ address, reset, quarantined, unsettled }) => [
    ...('failed' in reset ? [`${address} was not reset: ${reset.failed}`] : []),
    ...(quarantined === undefined ? [] : [`${address} is in quarantine: ${quarantined}`]),
    ...unsettled.map((what) => `${address}: ${messageOf(what)}`),
  ]);
}
