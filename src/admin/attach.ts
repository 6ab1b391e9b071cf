/** Attach: the steps by which functions of the pool become a guest's, all of them or none. */
import { RollbackFailedError } from '../change/index.js';
import { notations, PciAddress, type XlSpec } from '../pci/index.js';
import { FunctionChangingError, FunctionTakenError, Ledger, NotClaimedError } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import { attachSteps } from './attachment-steps.js';
import { FrontEndFixedError, GuestNotPreparedError, goneOr, MachineNotMappableError } from './errors.js';
import {
  AttachUnsafeError,
  describeFinding,
  isTakingName,
  refused,
  type FindingData,
  type FindingName,
  type Permission,
} from './findings/index.js';
import type { Guest } from './guests.js';
import type { Pair, PairView, WantedFunction } from './pair.js';
import type { PairDialogue } from './pair-dialogue.js';
import type { PolicyDocument } from './policies/index.js';
import { pick, type Picked } from './picking.js';
import type { PlanData } from './plan/index.js';
import type { ToolStack } from './tool-stack.js';

/** A function and where the guest sees it. */
export interface AttachedFunction {
  readonly address: PciAddress;
  /** Undefined where the back end does not tell. */
  readonly virtual: PciAddress | undefined;
}

/** What an attachment has come to, once the guest has the functions or will have them when its front end connects. */
export interface AttachReport {
  readonly guest: { readonly domain: DomainId; readonly name: string };
  readonly functions: readonly AttachedFunction[];
  /** Whether the guest has them: `waiting` and `paused` take them when the front end connects. */
  readonly frontEnd: 'connected' | 'paused' | 'waiting';
  /** What was asked for and has no effect, and what could not be done but does not matter. */
  readonly remarks: readonly string[];
  /** What the functions share with others and lack: allowed, or harmless now. */
  readonly findings: readonly FindingData[];
}

/** Of {@link Attachments.attach}: what is allowed for these functions, this time. */
export interface AttachOptions {
  /** Findings for which these functions are not refused. */
  readonly allow?: readonly FindingName[];
  /** Functions that a seizing specification takes although the host lives from them. */
  readonly evenIfCritical?: readonly PciAddress[];
  /** What the guest may write in these functions, instead of what is kept for their devices. */
  readonly policy?: PolicyDocument;
  /** Tells also a guest whose front end takes no changes while it runs: such a guest may not survive it. */
  readonly force?: boolean;
}

const TOLD_BY_FORCE =
  'the front end was taken for one that takes no changes while it runs, and was told of this one by force';

export class Attaching {
  readonly #stack: ToolStack;
  readonly #guest: Guest;
  readonly #specs: readonly XlSpec[];
  readonly #permission: Permission;
  readonly #policy: PolicyDocument | undefined;
  readonly #force: boolean;
  readonly #pair: Pair;
  readonly #dialogue: PairDialogue;
  readonly #undo = new Ledger();
  readonly #remarks: string[];

  /** @throws {GuestNotPvError | MachineNotMappableError | GuestNotPreparedError} before anything is changed. */
  constructor(
    stack: ToolStack,
    guest: Guest,
    specs: readonly XlSpec[],
    { allow = [], evenIfCritical = [], policy, force = false }: AttachOptions = {},
  ) {
    const { platform, machine } = stack;
    stack.checkPv(guest, specs.map(xlCommand(guest)));
    if (platform.needsMachineFrames && !machine.capabilities.machineFrames)
      throw new MachineNotMappableError(machine.name, guest);
    const { lacking } = stack.statusOf(guest);
    if (lacking.length > 0) throw new GuestNotPreparedError(guest, lacking);
    this.#stack = stack;
    this.#guest = guest;
    this.#specs = specs;
    this.#permission = { allowed: [...stack.allowed, ...allow], evenIfCritical };
    this.#policy = policy;
    this.#force = force;
    this.#pair = stack.pairOf(guest);
    this.#dialogue = stack.dialogueWith(guest, this.#pair);
    this.#remarks = [...new Set(specs.flatMap(ineffective))];
  }

  /** @throws what a step met, with the steps before it undone; {RollbackFailedError} when that failed too. */
  async run(): Promise<AttachReport> {
    let addresses: readonly PciAddress[] = [];
    this.#checkFrontEnd();
    try {
      const picked = await pick(this.#stack, this.#specs);
      addresses = picked.map(({ address }) => address);
      const before = await this.#examine(addresses);
      using _allowed = this.#stack.guard?.allow(addresses, this.#permission.allowed);
      using _said = this.#policy && this.#stack.sayPolicy(addresses, this.#policy);
      for (const one of picked) await this.#reserve(one);
      // Once more, after the notes of who has what: of two who take what is shared at once, both see it.
      const now = await this.#examine(addresses);
      // What the host did with one that was seized is not to be seen any more.
      const seized = before.filter(
        ({ code, address }) =>
          isTakingName(code) && !now.some((one) => one.code === code && one.address === address),
      );
      const findings = [...seized, ...now];
      for (const address of addresses) await this.#freshen(address, findings);
      await this.#grant(addresses);
      const view = await this.#list(picked);
      return {
        guest: { domain: this.#guest.id, name: this.#guest.name },
        functions: addresses.map((address) => ({ address, virtual: virtualOf(view, address) })),
        frontEnd: await this.#frontEnd(),
        remarks: [...this.#remarks, ...allowedRemarks(findings)],
        findings,
      };
    } catch (error) {
      const failed = await this.#undo.settle();
      const cause = goneOr(error, this.#guest);
      if (failed.length === 0) throw cause;
      throw new RollbackFailedError(`attach ${this.#guest.name} ${this.#wanted}`, cause, failed);
    }
  }

  /** What {@link run} would do, with all that was found, allowed or not. @throws what it would be refused for. */
  async plan(): Promise<PlanData> {
    this.#checkFrontEnd();
    const { pool, claims } = this.#stack;
    const picked = await pick(this.#stack, this.#specs);
    const addresses = picked.map(({ address }) => address);
    const seized = picked.flatMap(({ address, spec }) => (spec.seize && !pool.has(address) ? [address] : []));
    const claimed = claims.describe(await claims.planClaims(seized));
    const findings = await this.#findings(addresses);
    const steps = attachSteps(this.#guest.name, addresses, claimed.steps);
    return { what: `attach ${this.#guest.name} ${this.#wanted}`, findings, steps };
  }

  /** @throws {FrontEndFixedError} */
  #checkFrontEnd(): void {
    if (!this.#stack.hasFixedFrontEnd(this.#guest)) return;
    if (!this.#force) throw new FrontEndFixedError('attach', this.#guest, this.#wanted);
    if (!this.#remarks.includes(TOLD_BY_FORCE)) this.#remarks.push(TOLD_BY_FORCE);
  }

  /** As the command line has it. */
  get #wanted(): string {
    return this.#specs.map((spec) => notations.xlSpec.format(spec)).join(' ');
  }

  async #seize(address: PciAddress): Promise<void> {
    const { claims } = this.#stack;
    await claims.claim(address, undefined, this.#permission);
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

  /** In the pool from now on, and nobody else gets it: neither by us nor by `xl`. @throws {FunctionTakenError | …} */
  async #reserve({ address, spec }: Picked): Promise<void> {
    const { pool, libxl } = this.#stack;
    if (spec.seize && !pool.has(address)) await this.#seize(address);
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

  /** @throws {AttachUnsafeError} with all that was found of all functions and nobody has allowed. */
  async #examine(addresses: readonly PciAddress[]): Promise<readonly FindingData[]> {
    const findings = await this.#findings(addresses);
    const left = refused(findings, this.#permission);
    if (left.length === 0) return findings;
    throw new AttachUnsafeError(this.#guest, this.#wanted, left);
  }

  async #findings(addresses: readonly PciAddress[]): Promise<readonly FindingData[]> {
    const has = (await this.#pair.look())?.functions.map(({ address }) => address) ?? [];
    const found = await this.#stack.examiner.examine(addresses, { guest: this.#guest.id, has });
    return found.map(describeFinding);
  }

  /** What the host's driver left in it is none of the guest's business. */
  async #freshen(address: PciAddress, findings: readonly FindingData[]): Promise<void> {
    const failed = await this.#stack.freshen(address, `guest ${this.#guest.id}`);
    const isKnown = findings.some((one) => one.code === 'no-reset' && one.address === String(address));
    if (failed !== undefined && !isKnown) this.#remarks.push(`${address} was not reset: ${failed}`);
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
  async #list(picked: readonly Picked[]): Promise<PairView> {
    const addresses = picked.map(({ address }) => address);
    const wanted = picked.map(wantedOf);
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

  /** A guest that runs is given the time to connect; one that does not run will find everything there. */
  async #frontEnd(): Promise<AttachReport['frontEnd']> {
    if (this.#stack.statusOf(this.#guest).paused) return 'paused';
    return (await this.#dialogue.connected()) === undefined ? 'waiting' : 'connected';
  }
}

function allowedRemarks(findings: readonly FindingData[]): readonly string[] {
  return findings
    .filter(({ severity }) => severity !== 'note')
    .map(({ code, severity, message }) =>
      severity === 'critical' ? `${message}: taken all the same` : `${message}: allowed by ${code}`,
    );
}

/** Without a slot the back end chooses. libxl numbers a function that is given alone 0. */
function wantedOf({ address, spec }: Picked): WantedFunction {
  const { target, virtualSlot } = spec;
  const fn = target.kind === 'device' ? address.function : 0;
  return {
    address,
    virtualDevfn: virtualSlot === undefined ? undefined : new PciAddress(0, 0, virtualSlot, fn).devfn,
    name: target.kind === 'name' ? target.name : undefined,
    options: optionsOf(spec),
  };
}

const xlCommand = (guest: Guest) => (spec: XlSpec) =>
  `xl pci-attach ${guest.name} ${notations.xlSpec.format(spec)}`;

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
    remarks.push(
      'permissive=1 has no effect: what the guest may write stays as the policy says; openslot trace shows what it is' +
        ' refused, and openslot policy learn makes a policy of that',
    );
  if (msitranslate) remarks.push('msitranslate=1 has no effect on a PV guest');
  if (powerManagement) remarks.push('power_mgmt=1 has no effect on a PV guest');
  if (rdmPolicy === 'relaxed') remarks.push('rdm_policy=relaxed has no effect on a PV guest');
  return remarks;
}
