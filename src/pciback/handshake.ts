/** The XenBus handshake of one pair: the step that the states of both ends ask for, and the connection that it leads to. */
import type { RootBus } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { ExportState, XenbusState } from '../xen/pciif/index.js';
import type { Follower, Watch } from '../xen/store/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { isLeaving, phaseOf } from './adoption.js';
import type { AerDialogue } from './aer-dialogue.js';
import type { PairEvent } from './events.js';
import { closingAnswer, frontEndKind, type FrontEndKind } from './front-end-kind.js';
import { GuestConnection } from './guest-connection.js';
import type { GuestExports } from './guest-exports.js';
import type { GuestRecord } from './guest-record.js';
import type { ListedFunction, PairKeys, PairStates } from './pair-keys.js';
import type { StageClock } from './stage-clock.js';

/** `foreign`: another back end (the kernel's) has the pair, and it is left alone. */
export type BackendPhase = 'starting' | 'exported' | 'connected' | 'closed' | 'foreign' | 'gone';

export interface HandshakeContext {
  readonly platform: XenPlatform;
  readonly clock: StageClock | undefined;
}

/** What a handshake is about, and where it stands in its back end. */
export interface HandshakeParts {
  readonly guest: DomainId;
  readonly keys: PairKeys;
  readonly exports: GuestExports;
  readonly record: GuestRecord;
  /** Woken by the front end's state; once it is stopped, no step goes on. */
  readonly follower: Follower;
  readonly tell: (event: PairEvent) => void;
}

export class Handshake {
  readonly #guest: DomainId;
  readonly #context: HandshakeContext;
  readonly #keys: PairKeys;
  readonly #exports: GuestExports;
  readonly #record: GuestRecord;
  readonly #follower: Follower;
  readonly #tell: (event: PairEvent) => void;
  #connection: GuestConnection | undefined;
  #frontWatch: Watch | undefined;
  #phase: BackendPhase = 'starting';
  #frontEnd: FrontEndKind | undefined;
  /** We closed first. */
  #gaveUp = false;

  constructor(context: HandshakeContext, { guest, keys, exports, record, follower, tell }: HandshakeParts) {
    this.#context = context;
    this.#guest = guest;
    this.#keys = keys;
    this.#exports = exports;
    this.#record = record;
    this.#follower = follower;
    this.#tell = tell;
  }

  get phase(): BackendPhase {
    return this.#phase;
  }

  /** What the front end can take; undefined before it connects. */
  get frontEnd(): FrontEndKind | undefined {
    return this.#frontEnd;
  }

  /** What goes over the guest's page besides its operations; undefined while it is not connected. */
  get dialogue(): AerDialogue | undefined {
    return this.#connection?.dialogue;
  }

  /** Nothing was done for the pair yet, not even looked at its other end. */
  get isUntouched(): boolean {
    return this.#phase === 'starting' && this.#frontWatch === undefined;
  }

  /** Goes on where a former process ended, when its guest and pair are still there. @returns whether the guest is connected. */
  async resume({ own, front }: PairStates): Promise<boolean> {
    this.#phase = phaseOf(own, this.#record.connected);
    await this.#watchFront();
    if (this.#phase !== 'connected' || isLeaving(front)) return false;
    await this.#bind();
    this.#exports.allAnswered();
    // The former process may have ended between an answer and its notification.
    this.#connection?.notify();
    return true;
  }

  /** Does what the states ask for. @throws what a step met: nobody but {@link giveUp} comes after it. */
  async step({ own, front }: PairStates): Promise<void> {
    if (this.#phase !== 'starting' && own === XenbusState.initialising) {
      // The tool stack removed the pair and made a new one before we looked.
      await this.takeBackAll();
      this.#record.remove();
      this.#phase = 'starting';
      this.#frontEnd = undefined;
      this.#gaveUp = false;
    }
    if (this.#phase === 'starting' && own > XenbusState.initWait) {
      this.#phase = 'foreign';
      this.#tell({ event: 'foreign', state: own });
    }
    if (this.#phase !== 'foreign') await this.#answer(own, front);
  }

  /** A step failed: the pair is closed from our side and nothing stays half done. */
  async giveUp(): Promise<void> {
    this.#phase = 'closed';
    this.#gaveUp = true;
    try {
      this.disconnect();
      await this.#switch(XenbusState.closing);
      await this.#exports.takeBackAll();
    } catch (error) {
      this.#tell({ event: 'failed', doing: 'closing the pair', error });
    }
  }

  /** Fails only with the store itself, and then there is nothing left to watch. */
  async unwatch(): Promise<void> {
    await this.#frontWatch?.unwatch().catch(() => undefined);
  }

  /** The pair is no more: what the guest had comes back. */
  async end(): Promise<void> {
    this.#phase = 'gone';
    await this.unwatch();
    await this.takeBackAll();
  }

  /** First the page: the guest must not reach a function that is on its way back. */
  async takeBackAll(): Promise<void> {
    this.disconnect();
    await this.#exports.takeBackAll();
  }

  /** The guest's page and event channel are let go of; its functions stay its own. */
  disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    for (const error of connection?.close() ?? [])
      this.#tell({ event: 'failed', doing: "letting go of the guest's page and event channel", error });
  }

  async #answer(own: XenbusState, front: XenbusState): Promise<void> {
    if (isLeaving(front)) {
      // Followed once, however often the guest says it: nobody comes back from Closed.
      if (own !== closingAnswer(front, this.#frontEnd, this.#gaveUp) && own !== XenbusState.closed)
        await this.#close(front);
      else if (this.#phase === 'closed') await this.#followEnd();
      return;
    }
    if (this.#phase === 'closed') return;
    switch (own) {
      case XenbusState.unknown:
      case XenbusState.initialising:
      case XenbusState.initWait:
        await this.#start(own);
        break;
      case XenbusState.initialised:
        if (this.#phase !== 'exported') break;
        // libxl lists the functions of a new guest one by one, and says nothing when the next one is there.
        await this.#followList();
        if (!this.#follower.stopped && front === XenbusState.initialised) await this.#connect();
        break;
      case XenbusState.connected:
        if (this.#phase === 'connected') await this.#exports.takeBackUnlisted(await this.#keys.functions());
        break;
      case XenbusState.reconfiguring:
        // It answers a change: whatever it showed at the start, it takes them.
        if (front === XenbusState.reconfiguring) this.#frontEnd = 'reconfigurable';
        // The guest has let go of what leaves; one that never connected has nothing to let go of.
        if (front === XenbusState.reconfiguring || this.#phase === 'exported') await this.#reconfigure();
        break;
      case XenbusState.reconfigured:
        if (front === XenbusState.connected) await this.#switch(XenbusState.connected);
        break;
      default:
        break;
    }
  }

  async #watchFront(): Promise<void> {
    const { store } = this.#context.platform;
    this.#frontWatch ??= await store.watch(this.#keys.frontendState, () => this.#follower.wake());
  }

  /** A new pair: all of its functions are exported, or none, before the guest is told to connect. */
  async #start(own: XenbusState): Promise<void> {
    if (this.#phase !== 'starting') return;
    await this.#watchFront();
    if (own !== XenbusState.initWait && !(await this.#switch(XenbusState.initWait))) return;
    this.#record.identify(await this.#keys.uuid(), this.#exports.topologyName);
    const list = await this.#keys.functions();
    // A former process may have begun, and the list been changed since.
    await this.#exports.takeBackUnlisted(list);
    const wanted = list.filter(({ state }) => state === ExportState.wanted);
    const added: ListedFunction[] = [];
    for (const entry of wanted) added.push(await this.#exports.add(entry));
    if (this.#follower.stopped) return;
    this.#phase = 'exported';
    await this.#switch(XenbusState.initialised, added, this.#exports.topology.roots());
  }

  /** Functions that join or leave while the guest has not connected: nobody has to agree to it. */
  async #followList(): Promise<void> {
    const tried = await this.#exports.follow(await this.#keys.functions(), 'new');
    if (!this.#follower.stopped && tried.length > 0)
      await this.#keys.tell(tried, this.#exports.topology.roots());
  }

  async #connect(): Promise<void> {
    const bound = await this.#bind();
    if (bound === undefined) return;
    this.#record.setConnected(true);
    this.#phase = 'connected';
    if (await this.#switch(XenbusState.connected)) this.#tell({ event: 'connected', ...bound });
  }

  /**
   * Maps the guest's page, binds its event channel and answers what may wait in the page already: nobody heard when the
   * guest said so. @returns undefined when we were stopped meanwhile.
   */
  async #bind(): Promise<{ readonly aerHandler: boolean; readonly frontEnd: FrontEndKind } | undefined> {
    const { platform, clock } = this.#context;
    const { page, port, reconfigures } = await this.#keys.connection();
    if (this.#follower.stopped) return undefined;
    const connection = new GuestConnection({
      platform,
      guest: this.#guest,
      page,
      port,
      topology: this.#exports.topology,
      clock,
      onOperationFailed: (command, devfn, error) => {
        this.#tell({ event: 'operation_failed', command, devfn, error });
      },
      onBroken: (error) => {
        this.#tell({ event: 'failed', doing: 'answering an operation', error });
        this.disconnect();
      },
    });
    this.#connection = connection;
    const { aerHandler } = connection;
    this.#frontEnd = frontEndKind({ aerHandler, saysSo: reconfigures });
    connection.answer();
    return { aerHandler, frontEnd: this.#frontEnd };
  }

  /** Hot changes: the guest keeps all its other functions, whatever becomes of one. */
  async #reconfigure(): Promise<void> {
    const tried = await this.#exports.follow(await this.#keys.functions(), 'all');
    if (this.#follower.stopped) return;
    // A guest that has not connected yet does so when it finds Initialised, and never answers Reconfigured.
    const next = this.#phase === 'exported' ? XenbusState.initialised : XenbusState.reconfigured;
    await this.#switch(next, tried, this.#exports.topology.roots());
  }

  /** The front end closes, and we follow it: an orderly end. The functions stay the guest's until the pair goes. */
  async #close(front: XenbusState): Promise<void> {
    this.disconnect();
    this.#exports.interruptsOff();
    this.#phase = 'closed';
    await this.#switch(closingAnswer(front, this.#frontEnd, this.#gaveUp));
  }

  /** What leaves the list of a closed pair comes back. After giving up there is nothing, and the list may be why. */
  async #followEnd(): Promise<void> {
    if (!this.#gaveUp) await this.#exports.takeBackUnlisted(await this.#keys.functions());
  }

  async #switch(
    state: XenbusState,
    listed: readonly ListedFunction[] = [],
    roots: readonly RootBus[] = [],
  ): Promise<boolean> {
    const there = await this.#keys.switchState(state, listed, roots);
    if (there) this.#tell({ event: 'state', state });
    return there;
  }
}
