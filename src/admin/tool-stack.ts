/** What attach and detach work with, and the steps that both do. */
import type { Machine } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { FrontEndKind } from '../pciback/index.js';
import { QuarantinedError, type Pool } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import type { GuestStatus, XenPlatform } from '../xen/platform.js';
import { GuestNotPvError, goneOr } from './errors.js';
import { examinerOf, type Examiner, type ExportGuard, type FindingName } from './findings/index.js';
import { XenStoreContendedError } from '../xen/store/index.js';
import type { Guest } from './guests.js';
import { GuestGrants } from './guest-grants.js';
import type { HostClaims } from './host-claims.js';
import { LibxlMemory } from './libxl-memory.js';
import { NameGivenTwiceError, type FunctionNames } from './names/index.js';
import type { PolicyChoice, PolicyDocument } from './policies/index.js';
import { Pair } from './pair.js';
import { PairDialogue } from './pair-dialogue.js';

export type { FrontEndKind };

/** Asked while an attachment waits; {@link Pciback} has both. */
export interface BackEndKnowledge {
  /** Why a function that is listed was not exported. */
  refusal(guest: DomainId, address: PciAddress): Error | undefined;
  /** What the guest's front end can take; undefined while it has not connected. */
  frontEnd(guest: DomainId): FrontEndKind | undefined;
}

/** The host, and what its administrator has said once for all attachments. */
export interface ToolStackOptions {
  readonly platform: XenPlatform;
  readonly machine: Machine;
  readonly pool: Pool;
  readonly claims: HostClaims;
  /** What the back ends know of their guests: where they run in this process, `Pciback` does. */
  readonly backEnds?: BackEndKnowledge;
  /** Findings that are allowed for every attachment, without being named at it. */
  readonly allowed?: readonly FindingName[];
  /** Where the back end asks before an export: it is told what an attachment has allowed. */
  readonly guard?: ExportGuard;
  /** Names that openslot gave; those that libxl remembers are known besides. */
  readonly names?: Pick<FunctionNames, 'knows' | 'find' | 'misnamed'>;
  /** Where the back end asks what a function is held to: it is told what an attachment says. */
  readonly policies?: PolicyChoice;
  /** Bound of each wait for an end of a pair, in milliseconds; absent: as long as libxl waits, 10 s. */
  readonly patience?: number;
}

const PATIENCE_MS = 10_000;

/** Changes of a pair by others between our look and our transaction, before we give up. */
const MOST_TRIES = 10;

export class ToolStack {
  readonly platform: XenPlatform;
  readonly machine: Machine;
  readonly pool: Pool;
  readonly claims: HostClaims;
  readonly libxl: LibxlMemory;
  readonly examiner: Examiner;
  readonly allowed: readonly FindingName[];
  readonly guard: ExportGuard | undefined;
  readonly #policies: PolicyChoice | undefined;
  readonly #backEnds: ToolStackOptions['backEnds'];
  readonly #names: ToolStackOptions['names'];
  readonly #patience: number;
  /** What is being taken back, by its address. */
  readonly #leaving = new Map<number, Promise<unknown>>();

  constructor({
    platform,
    machine,
    pool,
    claims,
    backEnds,
    patience,
    allowed = [],
    guard,
    names,
    policies,
  }: ToolStackOptions) {
    this.platform = platform;
    this.machine = machine;
    this.pool = pool;
    this.claims = claims;
    this.libxl = new LibxlMemory(platform.store);
    this.examiner = examinerOf({ platform, machine, pool, misnamed: names?.misnamed });
    this.allowed = allowed;
    this.guard = guard;
    this.#policies = policies;
    this.#backEnds = backEnds;
    this.#names = names;
    this.#patience = patience ?? PATIENCE_MS;
  }

  /**
   * Functions of a name: the one that openslot gave it to, which is checked to be there, or those that were made
   * assignable by it. @throws {OpenslotError} with a code `NAME_…`.
   */
  async named(name: string): Promise<readonly PciAddress[]> {
    const theirs = await this.libxl.named(name);
    if (this.#names?.knows(name) !== true) return theirs;
    const ours = await this.#names.find(name);
    const others = theirs.filter((address) => !address.equals(ours));
    if (others.length > 0) throw new NameGivenTwiceError(name, ours, others);
    return [ours];
  }

  /**
   * What these functions are to be held to, until it is disposed of.
   * @throws {PolicyUnsoundError | PolicyOtherDeviceError} it does not fit one of them.
   */
  sayPolicy(functions: readonly PciAddress[], policy: PolicyDocument): Disposable {
    // A fault of the program: nothing may be given by a policy that nobody would hear of.
    if (this.#policies === undefined) throw new RangeError('the back end asks nobody what guests may write');
    return this.#policies.say(functions, policy);
  }

  /** @throws {GuestGoneError} */
  statusOf(guest: Guest): GuestStatus {
    try {
      return this.platform.status(guest.id, guest.uuid);
    } catch (error) {
      throw goneOr(error, guest);
    }
  }

  /**
   * @param commands what does it for a guest of another type, by its device model.
   * @throws {GuestNotPvError | GuestGoneError}
   */
  checkPv(guest: Guest, commands: readonly string[]): void {
    // Where the guest's own tool stack does not say it, the hypervisor does.
    const type = guest.type === 'unknown' ? this.statusOf(guest).type : guest.type;
    if (type !== 'pv') throw new GuestNotPvError(guest, type, commands);
  }

  /** All functions of the device that this one is of, in order of their numbers. */
  functionsOf(address: PciAddress): readonly PciAddress[] {
    return this.machine
      .list()
      .map((summary) => summary.address)
      .filter((one) => one.sharesDevice(address))
      .sort((a, b) => a.sbdf - b.sbdf);
  }

  /**
   * The guest's front end takes no changes while it runs. False also where nobody can tell: before it connects, and
   * where another back end than ours serves it.
   */
  hasFixedFrontEnd({ id }: Guest): boolean {
    return this.#backEnds?.frontEnd(id) === 'fixed';
  }

  pairOf(guest: Guest): Pair {
    return new Pair(this.platform.store, this.platform.domain, guest);
  }

  grantsOf(guest: Guest): GuestGrants {
    return new GuestGrants(this.platform, this.machine, guest);
  }

  /** `detaching`: what the refusal of a silent guest says to detach by force. */
  dialogueWith(guest: Guest, pair: Pair, detaching?: string): PairDialogue {
    return new PairDialogue(this.platform.store, guest, pair, {
      own: this.platform.domain,
      milliseconds: this.#patience,
      refusal: (address) => this.#backEnds?.refusal(guest.id, address),
      ...(detaching === undefined ? {} : { detaching }),
    });
  }

  /**
   * Repeats a change of a pair until it is made: a step is false when others changed the pair between its look and its
   * transaction. All together begin no later than one silent end would be waited for: a guest that keeps changing must
   * not hold us longer than one that says nothing. @throws {XenStoreContendedError} every time.
   */
  async untilMade(guest: Guest, step: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + this.#patience;
    for (let tries = 1; !(await step()); tries++)
      if (tries === MOST_TRIES || performance.now() > deadline)
        throw new XenStoreContendedError(`the PCI pair of guest ${guest.name}`, tries);
  }

  /** Resets and restores a free function of the pool. @returns why it was not reset. @throws {QuarantinedError} */
  async freshen(address: PciAddress, taker: string): Promise<string | undefined> {
    const { reset, quarantined } = await this.pool.take(address, taker).giveBack();
    if (quarantined !== undefined) throw new QuarantinedError(address, quarantined);
    return 'failed' in reset ? reset.failed : undefined;
  }

  /** Takes functions back from a guest: who asks for one of them meanwhile waits. */
  async takeBack<Result>(addresses: readonly PciAddress[], work: () => Promise<Result>): Promise<Result> {
    const ended = work();
    for (const { sbdf } of addresses) this.#leaving.set(sbdf, ended);
    try {
      return await ended;
    } finally {
      for (const { sbdf } of addresses) if (this.#leaving.get(sbdf) === ended) this.#leaving.delete(sbdf);
    }
  }

  /** Waits for a function that is on its way back: until it is reset, and whoever takes it back has ended. */
  async returned(address: PciAddress): Promise<void> {
    await this.pool.returned(address);
    await this.#leaving.get(address.sbdf)?.catch(() => undefined);
  }

  /** Waits until the back end has let go of a function. @returns false when it does not in time. */
  async givenBack(address: PciAddress): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, this.#patience, false);
    });
    try {
      return await Promise.race([this.pool.givenBack(address).then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
