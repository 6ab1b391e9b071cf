/** Attach: the steps by which functions of the pool become a guest's, all of them or none. */
import { messageOf, notations, PciAddress, type XlSpec } from '../pci/index.js';
import {
  FunctionChangingError,
  FunctionTakenError,
  Ledger,
  NotClaimedError,
  RollbackFailedError,
} from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import {
  FrontEndFixedError,
  FunctionNameUnknownError,
  GuestNotPreparedError,
  GuestNotPvError,
  goneOr,
  MachineNotMappableError,
} from './errors.js';
import type { Guest } from './guests.js';
import { XEN_HOLDER } from './host-claims.js';
import type { Pair, PairView, WantedFunction } from './pair.js';
import type { PairDialogue } from './pair-dialogue.js';
import type { ToolStack } from './tool-stack.js';

/** A function and where the guest sees it. */
export interface AttachedFunction {
  readonly address: PciAddress;
  /** Undefined where the back end does not tell. */
  readonly virtual: PciAddress | undefined;
}

export interface AttachReport {
  readonly guest: { readonly domain: DomainId; readonly name: string };
  readonly functions: readonly AttachedFunction[];
  /** Whether the guest has them: `waiting` and `paused` take them when the front end connects. */
  readonly frontEnd: 'connected' | 'paused' | 'waiting';
  /** What was asked for and has no effect, and what could not be done but does not matter. */
  readonly remarks: readonly string[];
}

const TOLD_BY_FORCE =
  'the front end was taken for one that takes no changes while it runs, and was told of this one by force';

export class Attaching {
  readonly #stack: ToolStack;
  readonly #guest: Guest;
  readonly #spec: XlSpec;
  readonly #specText: string;
  readonly #force: boolean;
  readonly #pair: Pair;
  readonly #dialogue: PairDialogue;
  readonly #undo = new Ledger();
  readonly #remarks: string[];

  /** @throws {GuestNotPvError | MachineNotMappableError | GuestNotPreparedError} before anything is changed. */
  constructor(stack: ToolStack, guest: Guest, spec: XlSpec, force: boolean) {
    const { platform, machine } = stack;
    const specText = notations.xlSpec.format(spec);
    if (guest.type !== 'pv') throw new GuestNotPvError(guest, `xl pci-attach ${guest.name} ${specText}`);
    if (platform.needsMachineFrames && !machine.capabilities.machineFrames)
      throw new MachineNotMappableError(machine.name, guest);
    const { lacking } = stack.statusOf(guest);
    if (lacking.length > 0) throw new GuestNotPreparedError(guest, lacking);
    this.#stack = stack;
    this.#guest = guest;
    this.#spec = spec;
    this.#specText = specText;
    this.#force = force;
    this.#pair = stack.pairOf(guest);
    this.#dialogue = stack.dialogueWith(guest, this.#pair);
    this.#remarks = ineffective(spec);
  }

  /** @throws what a step met, with the steps before it undone; {RollbackFailedError} when that failed too. */
  async run(): Promise<AttachReport> {
    let picked: readonly PciAddress[] = [];
    this.#checkFrontEnd();
    try {
      picked = await this.#pick();
      for (const address of picked) await this.#reserve(address);
      for (const address of picked) await this.#freshen(address);
      await this.#grant(picked);
      const view = await this.#list(picked);
      return {
        guest: { domain: this.#guest.id, name: this.#guest.name },
        functions: picked.map((address) => ({ address, virtual: virtualOf(view, address) })),
        frontEnd: await this.#frontEnd(),
        remarks: this.#remarks,
      };
    } catch (error) {
      const failed = await this.#undo.settle();
      const cause = goneOr(error, this.#guest);
      const [address] = picked;
      if (failed.length === 0 || address === undefined) throw cause;
      const reasons = failed.map(({ what, error }) => `${what}: ${messageOf(error)}`);
      throw new RollbackFailedError(address, cause, reasons.join('; '));
    }
  }

  /** @throws {FrontEndFixedError} */
  #checkFrontEnd(): void {
    if (!this.#stack.hasFixedFrontEnd(this.#guest)) return;
    if (!this.#force) throw new FrontEndFixedError('attach', this.#guest, this.#specText);
    if (!this.#remarks.includes(TOLD_BY_FORCE)) this.#remarks.push(TOLD_BY_FORCE);
  }

  /** The functions that the specification names, in the pool from now on where `seize` asks for it. */
  async #pick(): Promise<readonly PciAddress[]> {
    const { target, seize } = this.#spec;
    const { pool } = this.#stack;
    if (target.kind === 'name') {
      const named = await this.#stack.libxl.named(target.name);
      if (named.length === 0) throw new FunctionNameUnknownError(target.name);
      return named.slice(0, 1);
    }
    const siblings = target.kind === 'function' ? [target.address] : this.#siblings(target.address);
    for (const address of siblings)
      if (!pool.adoptHeld(address, XEN_HOLDER) && seize) await this.#seize(address);
    const members = siblings.filter((address) => pool.has(address));
    // A single one that is not a member is refused by the pool, in its own words.
    if (members.length === 0) pool.checkTakeable(target.address);
    return members;
  }

  #siblings(address: PciAddress): readonly PciAddress[] {
    const all = this.#stack.machine.list().map((summary) => summary.address);
    return all.filter((one) => one.sharesDevice(address));
  }

  async #seize(address: PciAddress): Promise<void> {
    const { claims } = this.#stack;
    await claims.claim(address);
    this.#undo.add({ what: `claim of ${address}`, undo: () => this.#unseize(address) });
  }

  /** It stays claimed when somebody else has got it meanwhile, or does with it what he likes. */
  async #unseize(address: PciAddress): Promise<void> {
    try {
      await this.#stack.claims.release(address);
    } catch (error) {
      const theirs = [FunctionTakenError, FunctionChangingError, NotClaimedError];
      if (!theirs.some((cause) => error instanceof cause)) throw error;
    }
  }

  /** From now on nobody else gets it: neither by us nor by `xl`. @throws {FunctionTakenError | …} */
  async #reserve(address: PciAddress): Promise<void> {
    const { pool, libxl } = this.#stack;
    // One that another guest has just lost is still on its way back.
    await pool.returned(address);
    pool.checkTakeable(address);
    // Ahead of the first step: a process that ends in between leaves nothing that nobody knows of.
    const withdraw = await this.#stack.grantsOf(this.#guest).announce(address);
    this.#undo.add({ what: `announcement of ${address}`, undo: withdraw });
    await libxl.give(address, this.#guest.id);
    this.#undo.add({
      what: `note of who has ${address}`,
      undo: () => libxl.withdraw(address, this.#guest.id),
    });
  }

  /** What the host's driver left in it is none of the guest's business. */
  async #freshen(address: PciAddress): Promise<void> {
    const failed = await this.#stack.freshen(address, `guest ${this.#guest.id}`);
    if (failed !== undefined) this.#remarks.push(`${address} was not reset: ${failed}`);
  }

  async #grant(addresses: readonly PciAddress[]): Promise<void> {
    const grants = this.#stack.grantsOf(this.#guest);
    const has = (await this.#pair.look())?.functions.map(({ address }) => address) ?? [];
    for (const address of addresses) {
      const others = [...has];
      await grants.grant(address, others);
      this.#undo.add({
        what: `grants of ${address}`,
        undo: async () => {
          const unsettled = await grants.withdraw(address, others);
          if (unsettled.length > 0) throw new Error(unsettled.join('; '));
        },
      });
      has.push(address);
    }
  }

  /** Into XenStore: a new pair, or one more entry of the guest's pair, agreed with whoever is connected. */
  async #list(addresses: readonly PciAddress[]): Promise<PairView> {
    const wanted = addresses.map((address) => this.#wanted(address));
    this.#undo.add({
      what: "entries in the back end's directory",
      undo: async () => {
        await this.#pair.forget(addresses, { keepEmpty: this.#stack.hasFixedFrontEnd(this.#guest) });
        for (const address of addresses)
          if (!(await this.#stack.givenBack(address))) throw new Error(`the back end keeps ${address}`);
      },
    });
    await this.#stack.untilMade(this.#guest, () => this.#listOnce(wanted));
    return this.#dialogue.exported(addresses);
  }

  async #listOnce(wanted: readonly WantedFunction[]): Promise<boolean> {
    if ((await this.#pair.look()) === undefined) return this.#pair.create(wanted);
    const seen = await this.#dialogue.ready();
    // It may have connected since we began.
    this.#checkFrontEnd();
    return this.#pair.add(wanted, seen);
  }

  #wanted(address: PciAddress): WantedFunction {
    const { target, virtualSlot } = this.#spec;
    const fn = target.kind === 'device' ? address.function : 0;
    return {
      address,
      virtualDevfn: virtualSlot === undefined ? undefined : new PciAddress(0, 0, virtualSlot, fn).devfn,
      name: target.kind === 'name' ? target.name : undefined,
      options: optionsOf(this.#spec),
    };
  }

  /** A guest that runs is given the time to connect; one that does not run will find everything there. */
  async #frontEnd(): Promise<AttachReport['frontEnd']> {
    if (this.#stack.statusOf(this.#guest).paused) return 'paused';
    return (await this.#dialogue.connected()) === undefined ? 'waiting' : 'connected';
  }
}

function virtualOf({ functions }: PairView, address: PciAddress): PciAddress | undefined {
  return functions.find((entry) => entry.address.equals(address))?.virtual;
}

/** As libxl prints them. */
function optionsOf({ msitranslate, powerManagement, permissive, rdmPolicy }: XlSpec): string {
  const flag = (on: boolean) => (on ? '1' : '0');
  return `msitranslate=${flag(msitranslate)},power_mgmt=${flag(powerManagement)},permissive=${flag(permissive)},rdm_policy=${rdmPolicy}`;
}

function ineffective({ permissive, msitranslate, powerManagement, rdmPolicy }: XlSpec): string[] {
  const remarks: string[] = [];
  if (permissive)
    remarks.push('permissive=1 has no effect: what the guest may write stays as the policy says');
  if (msitranslate) remarks.push('msitranslate=1 has no effect on a PV guest');
  if (powerManagement) remarks.push('power_mgmt=1 has no effect on a PV guest');
  if (rdmPolicy === 'relaxed') remarks.push('rdm_policy=relaxed has no effect on a PV guest');
  return remarks;
}
