/** Attach and detach by our own tool stack: the steps of libxl, over any platform and machine. */
import { notations, PciAddress, type SpecTarget, type XlSpec } from '../pci/index.js';
import { parseDomainId, type DomainId } from '../xen/domain.js';
import { RELEASE_DOMAIN, type Watch } from '../xen/store/index.js';
import { Attaching, type AttachOptions, type AttachReport } from './attach.js';
import { Detaching, type DetachReport } from './detach.js';
import { Guests, libxlPath, type Guest } from './guests.js';
import type { PlanData } from './plan/index.js';
import { ToolStack, type ToolStackOptions } from './tool-stack.js';
import { Turns } from './turns.js';
import { undoUnfinished } from './unfinished.js';

/** Of {@link Attachments.start}. */
export interface AttachmentsOptions extends ToolStackOptions {
  /** Told of what could not be cleared up behind a guest that died. */
  readonly onError: (doing: string, error: unknown) => void;
}

/** Of {@link Attachments.detach}. */
export interface DetachOptions {
  /** Takes them also when the guest does not answer, and without a word from one that takes no changes. */
  readonly force?: boolean;
}

/**
 * Gives functions of the pool to guests and takes them back, as libxl does: `openslot attach` and `detach` are its
 * clients. Changes of one guest's functions wait for each other.
 */
export class Attachments implements AsyncDisposable {
  readonly #stack: ToolStack;
  readonly #guests: Guests;
  readonly #onError: AttachmentsOptions['onError'];
  /** By guest: two changes of one pair at a time would not end. */
  readonly #turns = new Turns<DomainId>();
  #watch: Watch | undefined;
  #clearing: Promise<void> = Promise.resolve();

  private constructor(options: AttachmentsOptions) {
    const { store, domain } = options.platform;
    this.#stack = new ToolStack(options);
    this.#guests = new Guests(store, domain);
    this.#onError = options.onError;
  }

  /**
   * Begins to clear up behind guests that die, or died while nobody looked; what a former process had begun to attach, or
   * had not ended to detach, is undone first.
   */
  static async start(options: AttachmentsOptions): Promise<Attachments> {
    const attachments = new Attachments(options);
    for (const guest of await attachments.#guests.list()) {
      for (const [doing, error] of await undoUnfinished(attachments.#stack, guest))
        options.onError(doing, error);
    }
    attachments.#watch = await options.platform.store.watch(RELEASE_DOMAIN, () => {
      attachments.#clearing = attachments.#clearing
        .then(() => attachments.#clearBehindTheDead())
        .catch((error: unknown) => {
          options.onError('looking for guests that died', error);
        });
    });
    return attachments;
  }

  /** Guests that are there, in order of domain id. */
  guests(): Promise<readonly Guest[]> {
    return this.#guests.list();
  }

  /**
   * Gives functions of the pool to a guest, all of them or none.
   * @param to the guest's domain id, or its name.
   * @param what one function, or what one specification or several say.
   * @throws {OpenslotError} a refusal of `errors.ts`, of the pool or of the platform; everything is as before then.
   */
  async attach(
    to: DomainId | string,
    what: PciAddress | XlSpec | readonly XlSpec[],
    options: AttachOptions = {},
  ): Promise<AttachReport> {
    const guest = await this.#guests.find(to);
    return this.#turns.take(guest.id, () => new Attaching(this.#stack, guest, specsOf(what), options).run());
  }

  /** What {@link attach} would do and what speaks against it, without doing it. @throws what it would be refused for. */
  async planAttach(
    to: DomainId | string,
    what: PciAddress | XlSpec | readonly XlSpec[],
    options: AttachOptions = {},
  ): Promise<PlanData> {
    const guest = await this.#guests.find(to);
    return new Attaching(this.#stack, guest, specsOf(what), options).plan();
  }

  /**
   * Takes functions back from a guest, whoever attached them: all of them, or none where the guest does not agree.
   * @param from the guest's domain id, or its name.
   * @throws {OpenslotError} a refusal of `errors.ts`; the guest keeps them then.
   */
  async detach(
    from: DomainId | string,
    what: PciAddress | SpecTarget | readonly SpecTarget[],
    { force = false }: DetachOptions = {},
  ): Promise<DetachReport> {
    const guest = await this.#guests.find(from);
    return this.#turns.take(guest.id, () => new Detaching(this.#stack, guest, targetsOf(what), force).run());
  }

  /** What {@link detach} would do, without doing it. @throws what it would be refused for. */
  async planDetach(
    from: DomainId | string,
    what: PciAddress | SpecTarget | readonly SpecTarget[],
    { force = false }: DetachOptions = {},
  ): Promise<PlanData> {
    const guest = await this.#guests.find(from);
    return new Detaching(this.#stack, guest, targetsOf(what), force).plan();
  }

  /**
   * Clears up behind a guest that is no more: its grants ended with it, and the hypervisor has put its functions into
   * quarantine; what the store still says of them goes, once the back end has let go.
   */
  async guestEnded(guest: DomainId): Promise<void> {
    await this.#turns.take(guest, async () => {
      const { libxl, platform } = this.#stack;
      const given = await libxl.givenTo(guest);
      await this.#stack.takeBack(given, async () => {
        for (const address of given) {
          await this.#stack.givenBack(address);
          await libxl.takeBack(address, guest);
        }
      });
      await platform.store.remove(`${libxlPath(guest)}/openslot`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.unwatch().catch(() => undefined);
    await this.#clearing;
    await this.#turns.ended();
  }

  /** Xen does not say who died: it is whoever has a function of ours and is not there. */
  async #clearBehindTheDead(): Promise<void> {
    const dead = new Set<DomainId>();
    for (const { address } of this.#stack.pool.list()) {
      const guest = await this.#takerOf(address);
      if (guest !== undefined && !(await this.#stack.platform.store.isIntroduced(guest))) dead.add(guest);
    }
    for (const guest of dead) {
      this.guestEnded(guest).catch((error: unknown) => {
        this.#onError(`clearing up behind guest ${guest}`, error);
      });
    }
  }

  async #takerOf(address: PciAddress): Promise<DomainId | undefined> {
    return parseDomainId(await this.#stack.libxl.guest(address));
  }
}

function specsOf(what: PciAddress | XlSpec | readonly XlSpec[]): readonly XlSpec[] {
  return what instanceof PciAddress ? [notations.xlSpec.parse(String(what))] : listOf(what);
}

function targetsOf(what: PciAddress | SpecTarget | readonly SpecTarget[]): readonly SpecTarget[] {
  return what instanceof PciAddress ? [{ kind: 'function', address: what }] : listOf(what);
}

function listOf<One>(what: One | readonly One[]): readonly One[] {
  return Array.isArray(what) ? (what as readonly One[]) : [what as One];
}
