/** One guest's back end: follows the XenBus states of its pair and answers the operations in its page. */
import type { ErrorReport } from '../function/index.js';
import type { PciAddress, RootBus } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { ExportState, XenbusState } from '../xen/pciif/index.js';
import { Follower, type Watch } from '../xen/store/index.js';
import { isLeaving, phaseOf, recognise } from './adoption.js';
import type { PcibackEvent } from './events.js';
import { closingAnswer, frontEndKind, type FrontEndKind } from './front-end-kind.js';
import { GuestConnection } from './guest-connection.js';
import { GuestExports, type GuestExportsContext } from './guest-exports.js';
import type { GuestRecord, GuestRecords } from './guest-record.js';
import type { GuestTrace } from './guest-trace.js';
import { GuestRecovery } from './guest-recovery.js';
import { PairKeys, type ListedFunction, type PairStates } from './pair-keys.js';
import type { FunctionPolicy } from './policy.js';
import type { RecoveryOptions } from './recovery-options.js';
import type { StageClock } from './stage-clock.js';

/** `foreign`: another back end (the kernel's) has the pair, and it is left alone. */
export type BackendPhase = 'starting' | 'exported' | 'connected' | 'closed' | 'foreign' | 'gone';

/** What all back ends of one owner share. */
export interface BackendContext extends GuestExportsContext {
  readonly records: GuestRecords;
  readonly onEvent: (event: PcibackEvent) => void;
  readonly clock: StageClock | undefined;
  readonly recovery: RecoveryOptions;
}

type EventBody<Event> = Event extends unknown ? Omit<Event, 'guest'> : never;

/** Driven by watches only: each look at both ends' states is followed by the one step that they ask for. */
export class Backend {
  readonly guest: DomainId;
  readonly #context: BackendContext;
  readonly #keys: PairKeys;
  readonly #exports: GuestExports;
  readonly #recovery: GuestRecovery;
  #connection: GuestConnection | undefined;
  #frontWatch: Watch | undefined;
  #phase: BackendPhase = 'starting';
  #frontEnd: FrontEndKind | undefined;
  /** We closed first. */
  #gaveUp = false;
  #guestEnded = false;
  readonly #record: GuestRecord;
  /** The record is a former process's, and has not been looked at. */
  #former: boolean;
  /** Settles when a guest of a former process is served on, or it is clear that it cannot be. */
  readonly resumed: Promise<void>;
  #setResumed: () => void = () => undefined;
  readonly #follower = new Follower(() => this.#look());

  /** `former` is what a former process left of the guest. */
  constructor(guest: DomainId, context: BackendContext, former?: GuestRecord) {
    this.guest = guest;
    this.#context = context;
    this.#record = former ?? context.records.create(guest);
    this.#former = former !== undefined;
    this.resumed = new Promise((resolve) => (this.#setResumed = resolve));
    if (!this.#former) this.#setResumed();
    this.#keys = new PairKeys(context.platform.store, context.platform.domain, guest);
    this.#exports = new GuestExports(guest, context, this.#record, {
      exported: (address, virtual, { source }) => {
        this.#tell({ event: 'exported', address, virtual, policy: source });
      },
      found: (address, finding) => {
        this.#tell({ event: 'found', address, finding });
      },
      returned: (report) => {
        this.#connection?.dialogue.wake();
        this.#tell({ event: 'returned', report });
      },
      writeRefused: (address, write) => {
        this.#tell({ event: 'write_refused', address, ...write });
      },
      failed: (doing, error) => {
        this.#tell({ event: 'failed', doing, error });
      },
    });
    this.#recovery = new GuestRecovery(
      {
        list: () => this.#exports.list(),
        ask: (question, milliseconds) => this.#connection?.dialogue.ask(question, milliseconds),
        respond: async (exported, policy, why) => {
          if (policy === 'take-back') await this.#exports.takeBack(exported, why);
          if (policy === 'kill-guest') await this.#keys.writeRecoveryFailed();
        },
        tell: (event) => {
          this.#tell(event);
        },
        failed: (doing, error) => {
          this.#tell({ event: 'failed', doing, error });
        },
      },
      context.recovery,
    );
  }

  get phase(): BackendPhase {
    return this.#phase;
  }

  /** What the front end can take; undefined before it connects. */
  get frontEnd(): FrontEndKind | undefined {
    return this.#frontEnd;
  }

  /** Functions in the guest's hands, with their guest addresses and what they are held to. */
  get exports(): readonly {
    readonly address: PciAddress;
    readonly virtual: PciAddress;
    readonly policy: FunctionPolicy;
  }[] {
    return this.#exports
      .list()
      .map(({ exported, virtual }) => ({ address: exported.physical, virtual, policy: exported.policy }));
  }

  /** Its functions are traced from now on, and those that it gets. */
  trace(into: GuestTrace): void {
    this.#exports.trace(into, this.#phase === 'starting' || this.#phase === 'exported');
  }

  /** Why a function that the tool stack lists was not exported; undefined when it was, or is not listed. */
  refusal(address: PciAddress): Error | undefined {
    return this.#exports.refusal(address);
  }

  /** A function, of this guest or of nobody's business of it, has reported an uncorrectable error. */
  errorReported(report: ErrorReport): void {
    this.#recovery.report(report);
  }

  /** Something in the pair changed. Settles when the back end has caught up; never rejects. */
  wake(): Promise<void> {
    return this.#follower.wake();
  }

  /** The domain is no more. What the tool stack leaves of the pair is removed; another back end's pair is not ours. */
  guestEnded(): Promise<void> {
    this.#guestEnded = this.#phase !== 'foreign';
    return this.wake();
  }

  /** Takes everything back without touching the pair: its keys belong to the tool stack. */
  async stop(): Promise<void> {
    this.#follower.stop();
    await this.#follower.settled();
    if (this.#former) await this.#resume(undefined);
    if (this.#phase !== 'gone') await this.#end();
  }

  /**
   * Lets go of the guest and touches nothing that it has: whoever serves next goes on. What was being taken back comes
   * back then.
   */
  async leave(): Promise<void> {
    this.#follower.stop();
    const recovered = this.#recovery.stop();
    await this.#follower.settled();
    this.#disconnect();
    await recovered;
    await this.#frontWatch?.unwatch().catch(() => undefined);
    this.#record.close();
  }

  #tell(event: EventBody<PcibackEvent>): void {
    this.#context.onEvent({ guest: this.guest, ...event });
  }

  async #look(): Promise<void> {
    try {
      await this.#follow();
    } catch (error) {
      this.#tell({ event: 'failed', doing: 'following the guest', error });
      this.#setResumed();
      await this.#giveUp();
    }
  }

  async #follow(): Promise<void> {
    const states = await this.#keys.states();
    const former = this.#former;
    if (former) await this.#resume(states);
    if (states === undefined || this.#guestEnded) {
      // Woken by the removal itself, of a pair that is not ours to follow any more: nothing is gone that was not before.
      const never = this.#phase === 'starting' && this.#frontWatch === undefined && !former;
      await this.#end();
      if (states !== undefined) await this.#keys.removeLeftover();
      this.#follower.stop();
      if (!never) this.#tell({ event: 'gone' });
      return;
    }
    if (this.#phase !== 'starting' && states.own === XenbusState.initialising) {
      // The tool stack removed the pair and made a new one before we looked.
      await this.#takeBackAll();
      this.#record.remove();
      this.#phase = 'starting';
      this.#frontEnd = undefined;
      this.#gaveUp = false;
    }
    if (this.#phase === 'starting' && states.own > XenbusState.initWait) {
      this.#phase = 'foreign';
      this.#tell({ event: 'foreign', state: states.own });
    }
    if (this.#phase !== 'foreign') await this.#step(states);
  }

  /** Goes on where a former process ended; `adoption.ts` says from what. */
  async #resume(states: PairStates | undefined): Promise<void> {
    this.#former = false;
    const seen = await recognise(this.#context.platform.store, this.#keys, this.#record, states);
    const leaving = this.#exports.resume(seen === 'living');
    if (seen === 'ended') this.#guestEnded = true;
    else if (seen === 'living' && states !== undefined) {
      this.#phase = phaseOf(states.own, this.#record.connected);
      await this.#watchFront();
      const connected = this.#phase === 'connected' && !isLeaving(states.front);
      if (connected) {
        await this.#bind();
        this.#exports.allAnswered();
        // The former process may have ended between an answer and its notification.
        this.#connection?.notify();
      }
      this.#tell({ event: 'resumed', functions: this.#exports.list().length, connected });
    }
    this.#setResumed();
    await this.#exports.bringBack(leaving);
    if (seen === 'replaced') {
      await this.#takeBackAll();
      this.#record.remove();
    }
  }

  async #step({ own, front }: PairStates): Promise<void> {
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
    this.#frontWatch ??= await store.watch(this.#keys.frontendState, () => this.wake());
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
      guest: this.guest,
      page,
      port,
      topology: this.#exports.topology,
      clock,
      onOperationFailed: (command, devfn, error) => {
        this.#tell({ event: 'operation_failed', command, devfn, error });
      },
      onBroken: (error) => {
        this.#tell({ event: 'failed', doing: 'answering an operation', error });
        this.#disconnect();
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
    this.#disconnect();
    this.#exports.interruptsOff();
    this.#phase = 'closed';
    await this.#switch(closingAnswer(front, this.#frontEnd, this.#gaveUp));
  }

  /** What leaves the list of a closed pair comes back. After giving up there is nothing, and the list may be why. */
  async #followEnd(): Promise<void> {
    if (!this.#gaveUp) await this.#exports.takeBackUnlisted(await this.#keys.functions());
  }

  /** A step failed: the pair is closed from our side and nothing stays half done. */
  async #giveUp(): Promise<void> {
    this.#phase = 'closed';
    this.#gaveUp = true;
    try {
      this.#disconnect();
      await this.#switch(XenbusState.closing);
      await this.#exports.takeBackAll();
    } catch (error) {
      this.#tell({ event: 'failed', doing: 'closing the pair', error });
    }
  }

  async #end(): Promise<void> {
    this.#phase = 'gone';
    const recovered = this.#recovery.stop();
    // Fails only with the store itself, and then there is nothing left to watch.
    await this.#frontWatch?.unwatch().catch(() => undefined);
    await this.#takeBackAll();
    await recovered;
    this.#record.remove();
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

  /** First the page: the guest must not reach a function that is on its way back. */
  async #takeBackAll(): Promise<void> {
    this.#disconnect();
    await this.#exports.takeBackAll();
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    for (const error of connection?.close() ?? [])
      this.#tell({ event: 'failed', doing: "letting go of the guest's page and event channel", error });
  }
}
