/** What attach and detach work with, and the steps that both do. */
import type { Machine } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { FrontEndKind } from '../pciback/index.js';
import { QuarantinedError, type Pool } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import type { GuestStatus, XenPlatform } from '../xen/platform.js';
import { goneOr } from './errors.js';
import { XenStoreContendedError } from '../xen/store/index.js';
import type { Guest } from './guests.js';
import { GuestGrants } from './guest-grants.js';
import type { HostClaims } from './host-claims.js';
import { LibxlMemory } from './libxl-memory.js';
import { Pair } from './pair.js';
import { PairDialogue } from './pair-dialogue.js';

export type { FrontEndKind };

export interface BackEndKnowledge {
  /** Why a function that is listed was not exported. */
  refusal(guest: DomainId, address: PciAddress): Error | undefined;
  /** What the guest's front end can take; undefined while it has not connected. */
  frontEnd(guest: DomainId): FrontEndKind | undefined;
}

export interface ToolStackOptions {
  readonly platform: XenPlatform;
  readonly machine: Machine;
  readonly pool: Pool;
  readonly claims: HostClaims;
  /** What the back ends know of their guests: where they run in this process, `Pciback` does. */
  readonly backEnds?: BackEndKnowledge;
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
  readonly #backEnds: ToolStackOptions['backEnds'];
  readonly #patience: number;

  constructor({ platform, machine, pool, claims, backEnds, patience }: ToolStackOptions) {
    this.platform = platform;
    this.machine = machine;
    this.pool = pool;
    this.claims = claims;
    this.libxl = new LibxlMemory(platform.store);
    this.#backEnds = backEnds;
    this.#patience = patience ?? PATIENCE_MS;
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
   * transaction. @throws {XenStoreContendedError} every time.
   */
  async untilMade(guest: Guest, step: () => Promise<boolean>): Promise<void> {
    for (let tries = 1; !(await step()); tries++)
      if (tries === MOST_TRIES)
        throw new XenStoreContendedError(`the PCI pair of guest ${guest.name}`, tries);
  }

  /** Resets and restores a free function of the pool. @returns why it was not reset. @throws {QuarantinedError} */
  async freshen(address: PciAddress, taker: string): Promise<string | undefined> {
    const { reset, quarantined } = await this.pool.take(address, taker).giveBack();
    if (quarantined !== undefined) throw new QuarantinedError(address, quarantined);
    return 'failed' in reset ? reset.failed : undefined;
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
