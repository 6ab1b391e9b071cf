/** The front end of the guest's one PCI pair: follows the back end's XenBus states. */
import { XenbusState } from '../xen/pciif/index.js';
import type { GuestPlatform } from '../xen/platform.js';
// The client's part of the room: a guest's worker has no use for the server.
import { Follower } from '../xen/store/follower.js';
import type { Watch } from '../xen/store/store.js';
import { Wakeups } from '../xen/store/wakeups.js';
import { BackEndGoneError, PairTakenError } from './errors.js';
import type { GuestBus } from './guest-bus.js';
import { Operations } from './operations.js';
import { PairKeys, type PairView } from './pair-keys.js';

/** `absent`: no pair, or one that is not ours. `published`: the back end has page and port. `closed`: until it is made anew. */
type Phase = 'absent' | 'published' | 'connected' | 'closed';

/** How long an orderly end waits for each answer of the back end. */
const CLOSING_MS = 5000;

/** An end that is no more, or on its way; unknown is what a removed directory reads. */
const CLOSED: readonly XenbusState[] = [XenbusState.unknown, XenbusState.closing, XenbusState.closed];
const ENDED: readonly XenbusState[] = [XenbusState.unknown, XenbusState.closed];

/** Driven by watches only: each look at both ends' states is followed by the one step that they ask for. */
export class FrontEnd {
  readonly #platform: GuestPlatform;
  readonly #bus: GuestBus;
  readonly #keys: PairKeys;
  readonly #operationMs: number;
  #operations: Operations | undefined;
  #phase: Phase = 'absent';
  #frontWatch: Watch | undefined;
  #backWatch: Watch | undefined;
  readonly #follower = new Follower(() => this.#look());
  /** At every event of a watch, and after every step. */
  readonly #wakeups = new Wakeups();
  #failure: Error | undefined;

  constructor(platform: GuestPlatform, bus: GuestBus, operationMs: number) {
    this.#platform = platform;
    this.#bus = bus;
    this.#keys = new PairKeys(platform.store, platform.domain);
    this.#operationMs = operationMs;
  }

  /** The front end's directory. */
  get path(): string {
    return this.#keys.front;
  }

  get stopped(): boolean {
    return this.#follower.stopped;
  }

  get connected(): boolean {
    return this.#phase === 'connected';
  }

  /** What ended this pair, or keeps it from us; undefined while there is none, or nothing is wrong with it. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Begins to follow the pair; one that exists already is found by the watch's first event. */
  async start(): Promise<void> {
    this.#frontWatch = await this.#platform.store.watch(this.#keys.front, () => this.#wake());
  }

  /** Settles true when `condition` holds, false when the time has passed; looks at each change of the pair. */
  until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<boolean> {
    return this.#wakeups.until(condition, milliseconds);
  }

  /** Something in the pair changed. Settles when the front end has caught up; never rejects. */
  #wake(): Promise<void> {
    this.#wakeups.announce();
    return this.#follower.wake();
  }

  async #look(): Promise<void> {
    try {
      await this.#followPair();
    } catch (error) {
      await this.#giveUp('following the back end', error);
    }
    this.#wakeups.announce();
  }

  async #followPair(): Promise<void> {
    const pair = await this.#keys.view();
    if (pair === undefined) {
      this.#letGo();
      await this.#watchBack(undefined);
      return;
    }
    // The tool stack removed the pair and made a new one before we looked.
    if (pair.own === XenbusState.initialising) this.#letGo();
    await this.#watchBack(pair.backPath);
    if (!this.#follower.stopped) await this.#step(pair);
  }

  /** Watches the back end's state. Its first event makes us look again, so nothing is missed. */
  async #watchBack(backPath: string | undefined): Promise<void> {
    const path = backPath === undefined ? undefined : `${backPath}/state`;
    if (this.#backWatch?.path === path) return;
    const old = this.#backWatch;
    this.#backWatch = undefined;
    await old?.unwatch();
    if (path !== undefined) this.#backWatch = await this.#platform.store.watch(path, () => this.#wake());
  }

  async #step(pair: PairView): Promise<void> {
    switch (this.#phase) {
      case 'absent':
        if (pair.own === XenbusState.initialising) await this.#publish(pair);
        else this.#leaveAlone(pair.own);
        break;
      case 'published':
        if (pair.back === XenbusState.connected) await this.#connect(pair);
        else if (CLOSED.includes(pair.back)) await this.#end();
        break;
      case 'connected':
        if (CLOSED.includes(pair.back)) await this.#end();
        else if (pair.back === XenbusState.reconfiguring) await this.#release(pair);
        else if (pair.back === XenbusState.reconfigured) await this.#rescan(pair);
        break;
      case 'closed':
        if (pair.own === XenbusState.closing && CLOSED.includes(pair.back))
          await this.#keys.switchState(XenbusState.closed);
        break;
    }
  }

  /** A pair that somebody has connected, or closed, before us. */
  #leaveAlone(own: XenbusState): void {
    if (this.#failure instanceof PairTakenError || CLOSED.includes(own)) return;
    this.#failure = new PairTakenError(this.path, own);
    this.#bus.changes.tell({ change: 'failed', doing: 'connecting', error: this.#failure });
  }

  async #publish(pair: PairView): Promise<void> {
    // Not at InitWait: a back end that looks at us only while it is Initialised (NetBSD's) would miss it.
    if (pair.back !== XenbusState.initialised) return;
    const operations = Operations.open(this.#platform, pair.backend, this.#operationMs, {
      onSilence: (error) => {
        this.#bus.lose(error);
      },
      onErrorRequest: (at, step) => this.#bus.answerError(at, step),
    });
    this.#operations = operations;
    this.#phase = 'published';
    if (!(await this.#keys.publish(operations.reference, operations.port))) this.#letGo();
  }

  async #connect(pair: PairView): Promise<void> {
    using _held = this.#bus.changes.hold();
    await this.#enumerate(pair);
    if (await this.#keys.switchState(XenbusState.connected)) this.#phase = 'connected';
  }

  async #enumerate({ backPath }: PairView): Promise<void> {
    const roots = await this.#keys.roots(backPath);
    this.#operations?.recover();
    if (this.#operations !== undefined) this.#bus.enumerate(this.#operations, roots);
  }

  /** The tool stack changes the bus: lets go of what leaves, before the back end takes it away. */
  async #release(pair: PairView): Promise<void> {
    if (pair.own !== XenbusState.connected) return;
    for (const address of await this.#keys.leaving(pair.backPath)) this.#bus.detach(address, true);
    await this.#keys.switchState(XenbusState.reconfiguring);
  }

  async #rescan(pair: PairView): Promise<void> {
    if (pair.own !== XenbusState.reconfiguring) return;
    using _held = this.#bus.changes.hold();
    await this.#enumerate(pair);
    await this.#keys.switchState(XenbusState.connected);
  }

  /** The back end closes, and we follow it. */
  async #end(): Promise<void> {
    this.#letGo();
    this.#phase = 'closed';
    this.#failure = new BackEndGoneError(this.path, 'the back end closed the pair');
    await this.#keys.switchState(XenbusState.closed);
  }

  /** A step failed: the pair is closed from our side and nothing stays half done. */
  async #giveUp(doing: string, error: unknown): Promise<void> {
    this.#letGo();
    this.#phase = 'closed';
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#bus.changes.tell({ change: 'failed', doing, error });
    try {
      await this.#keys.switchState(XenbusState.closing);
    } catch (cause) {
      this.#bus.changes.tell({ change: 'failed', doing: 'closing the pair', error: cause });
    }
  }

  /** Everything of the last pair ends here; its back end is not asked any more. */
  #letGo(): void {
    this.#failure = undefined;
    this.#bus.detachAll(false);
    this.#operations?.close();
    this.#operations = undefined;
    this.#phase = 'absent';
  }

  /** @returns false when the back end still owes an answer, or there is no bus. */
  async rescan(): Promise<boolean> {
    await this.#follower.settled();
    if (this.#phase !== 'connected' || this.#operations?.recover() !== true) return false;
    const pair = await this.#keys.view();
    if (pair === undefined) return false;
    await this.#enumerate(pair);
    return true;
  }

  /** An orderly end, bounded: interrupts off, 5 answered by 5, then the page goes, then 6. */
  async stop(): Promise<void> {
    this.#follower.stop();
    await this.#follower.settled();
    const wasUp = this.#operations !== undefined;
    try {
      this.#bus.detachAll(wasUp);
      if (wasUp && (await this.#keys.switchState(XenbusState.closing))) {
        await this.#backReaches(CLOSED);
        this.#operations?.close();
        if (await this.#keys.switchState(XenbusState.closed)) await this.#backReaches(ENDED);
      }
      // One that was given up: nobody is left to follow the back end's last state.
      if (this.#phase === 'closed') await this.#keys.switchState(XenbusState.closed);
    } finally {
      this.#operations?.close();
      this.#operations = undefined;
      this.#phase = 'absent';
      await Promise.allSettled([this.#frontWatch?.unwatch(), this.#backWatch?.unwatch()]);
      this.#wakeups.announce();
    }
  }

  async #backReaches(states: readonly XenbusState[]): Promise<void> {
    await this.until(async () => {
      const pair = await this.#keys.view();
      return pair === undefined || states.includes(pair.back);
    }, CLOSING_MS);
  }
}
