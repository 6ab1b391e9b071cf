/** Detach: the steps by which functions come back from a guest into the pool, whoever attached them. */
import { formatSpecTarget, messageOf, type PciAddress, type SpecTarget } from '../pci/index.js';
import type { Pool } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import { XenStoreContendedError } from '../xen/store/index.js';
import {
  FrontEndFixedError,
  FunctionNotAttachedError,
  PairChangedError,
  PairClosedError,
  PairSilentError,
} from './errors.js';
import { detachSteps } from './attachment-steps.js';
import type { Guest } from './guests.js';
import { XEN_HOLDER } from './host-claims.js';
import type { Pair } from './pair.js';
import type { PlanData } from './plan/index.js';
import type { ToolStack } from './tool-stack.js';

export interface DetachReport {
  readonly guest: { readonly domain: DomainId; readonly name: string };
  readonly functions: readonly PciAddress[];
  /** The guest was not asked, or did not answer. */
  readonly forced: boolean;
  /** What could not be taken back, with the reason; it ends with the guest. */
  readonly unsettled: readonly string[];
}

export class Detaching {
  readonly #stack: ToolStack;
  readonly #guest: Guest;
  readonly #targets: readonly SpecTarget[];
  readonly #force: boolean;
  readonly #pair: Pair;
  readonly #unsettled: string[] = [];

  /** @throws {GuestNotPvError} */
  constructor(stack: ToolStack, guest: Guest, targets: readonly SpecTarget[], force: boolean) {
    stack.checkPv(
      guest,
      targets.map((target) => `xl pci-detach ${guest.name} ${formatSpecTarget(target)}`),
    );
    this.#stack = stack;
    this.#guest = guest;
    this.#targets = targets;
    this.#force = force;
    this.#pair = stack.pairOf(guest);
  }

  /** @throws {FunctionNotAttachedError | FrontEndFixedError | PairSilentError} and the guest keeps what it has. */
  async run(): Promise<DetachReport> {
    const has = (await this.#pair.look())?.functions.map(({ address }) => address) ?? [];
    const leaving = await this.#pick(has);
    return this.#stack.takeBack(leaving, () => this.#takeBack(leaving));
  }

  /** What {@link run} would do. @throws {FunctionNotAttachedError | FrontEndFixedError} */
  async plan(): Promise<PlanData> {
    const has = (await this.#pair.look())?.functions.map(({ address }) => address) ?? [];
    const leaving = await this.#pick(has);
    const { name } = this.#guest;
    const asks = !this.#stack.hasFixedFrontEnd(this.#guest);
    const what = ['detach', ...(this.#force ? ['--force'] : []), name, ...leaving.map(String)].join(' ');
    if (!asks && !this.#force) throw new FrontEndFixedError('detach', this.#guest, leaving.join(' '));
    return { what, findings: [], steps: detachSteps(name, leaving, asks) };
  }

  async #takeBack(leaving: readonly PciAddress[]): Promise<DetachReport> {
    // Those that our own back end serves come back through the pool, which resets them.
    const served = new Set(leaving.filter((address) => this.#stack.pool.isTaken(address)));
    const { agreed, off } = await this.#letGo(leaving);
    const gone = leaving.filter((address) => off.some((one) => one.equals(address)));
    for (const address of served)
      if (!(await this.#stack.givenBack(address)))
        this.#unsettled.push(`the back end keeps ${address}: look at the log of openslot serve`);
    await this.#revoke(gone);
    for (const address of gone) if (!served.has(address)) await this.#freshen(address);
    const { id: domain, name } = this.#guest;
    return { guest: { domain, name }, functions: gone, forced: !agreed, unsettled: this.#unsettled };
  }

  /** Each target must be something that the guest has. */
  async #pick(has: readonly PciAddress[]): Promise<readonly PciAddress[]> {
    const leaving = new Set<PciAddress>();
    for (const target of this.#targets) {
      const wanted = target.kind === 'name' ? await this.#stack.named(target.name) : [target.address];
      const meant = has.filter((one) =>
        wanted.some((address) =>
          target.kind === 'device' ? one.sharesDevice(address) : one.equals(address),
        ),
      );
      if (meant.length === 0) throw new FunctionNotAttachedError(this.#guest, formatSpecTarget(target), has);
      for (const one of meant) leaving.add(one);
    }
    return has.filter((one) => leaving.has(one));
  }

  /**
   * Off the list, with the guest's agreement where there is somebody to agree. What another tool stack has taken off
   * meanwhile is not ours any more: it may have been given again since.
   */
  async #letGo(
    leaving: readonly PciAddress[],
  ): Promise<{ readonly agreed: boolean; readonly off: readonly PciAddress[] }> {
    let agreed = true;
    let off: readonly PciAddress[] | undefined;
    try {
      await this.#stack.untilMade(this.#guest, async () => {
        off = await this.#askOnce(leaving);
        return off !== undefined;
      });
    } catch (error) {
      // Who has closed has let go.
      agreed = error instanceof PairClosedError;
      // One that writes its state all the time is not to be asked either: it is in the way of every question.
      const unanswered = error instanceof PairSilentError || error instanceof XenStoreContendedError;
      const unasked = unanswered || error instanceof FrontEndFixedError;
      if (!agreed && !(unasked && this.#force)) {
        if (unanswered) await this.#pair.letStay(leaving);
        throw error;
      }
    }
    off ??=
      (await this.#pair.forget(leaving, { keepEmpty: this.#stack.hasFixedFrontEnd(this.#guest) })) ?? [];
    if (off.length === 0) throw new PairChangedError(this.#guest);
    return { agreed, off };
  }

  /**
   * @returns what is off the list; undefined when the pair changed under our hands.
   * @throws {PairSilentError | PairClosedError | FrontEndFixedError}
   */
  async #askOnce(leaving: readonly PciAddress[]): Promise<readonly PciAddress[] | undefined> {
    const detaching = this.#targets.map(formatSpecTarget).join(' ');
    const dialogue = this.#stack.dialogueWith(this.#guest, this.#pair, detaching);
    const seen = await dialogue.ready();
    // Nobody is there who would have to let go; somebody who comes meanwhile is asked.
    if (seen.readiness === 'unborn') return this.#pair.forget(leaving, { seen });
    if (this.#stack.hasFixedFrontEnd(this.#guest))
      throw new FrontEndFixedError('detach', this.#guest, detaching);
    if (!(await this.#pair.askToLeave(leaving, seen))) return undefined;
    await dialogue.changed();
    return this.#pair.forget(leaving);
  }

  async #revoke(gone: readonly PciAddress[]): Promise<void> {
    const grants = this.#stack.grantsOf(this.#guest);
    const staying = (await this.#pair.look())?.functions.map(({ address }) => address) ?? [];
    for (const [index, address] of gone.entries()) {
      const others = [...staying, ...gone.slice(index + 1)];
      const unnote = () => this.#stack.libxl.takeBack(address, this.#guest.id);
      this.#unsettled.push(...(await grants.revoke(address, others, unnote)));
    }
  }

  /** One that another back end served: nobody has reset it yet. */
  async #freshen(address: PciAddress): Promise<void> {
    const { pool } = this.#stack;
    try {
      if (!pool.adoptHeld(address, XEN_HOLDER) || isQuarantined(pool, address)) return;
      const failed = await this.#stack.freshen(address, `guest ${this.#guest.id}`);
      if (failed !== undefined) this.#unsettled.push(`${address} was not reset: ${failed}`);
    } catch (error) {
      this.#unsettled.push(messageOf(error));
    }
  }
}

/** Whoever put it there has reset it. */
function isQuarantined(pool: Pool, address: PciAddress): boolean {
  return pool.list().some((member) => member.state === 'quarantined' && member.address.equals(address));
}
