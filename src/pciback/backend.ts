/** One guest's back end: follows the XenBus states of its pair, exports functions, answers operations. */
import type { HostDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { Lease, Pool } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import { ExportState, SharedPage, XenbusState } from '../xen/pciif/index.js';
import type { EventChannel, ForeignPage, XenPlatform } from '../xen/platform.js';
import type { Watch } from '../xen/store/index.js';
import type { PcibackEvent } from './events.js';
import { ExportedFunction } from './exported-function.js';
import { OperationHandler } from './operation-handler.js';
import { PairKeys, type FunctionEntry, type PairStates } from './pair-keys.js';
import type { Policy } from './policy.js';
import type { StageClock } from './stage-clock.js';
import { VirtualBus } from './virtual-bus.js';

/** `foreign`: another back end (the kernel's, or an earlier run of ours) has the pair, and it is left alone. */
export type BackendPhase = 'starting' | 'exported' | 'connected' | 'closed' | 'foreign' | 'gone';

/** What all back ends of one owner share. */
export interface BackendContext {
  readonly platform: XenPlatform;
  readonly pool: Pool;
  readonly drivers: HostDrivers;
  /** Driver whose functions join the pool when a tool stack names them: it keeps them for guests. */
  readonly holder: string;
  readonly policy: Policy;
  readonly onEvent: (event: PcibackEvent) => void;
  readonly clock: StageClock | undefined;
}

type EventBody<Event> = Event extends unknown ? Omit<Event, 'guest'> : never;

/**
 * Driven by watches only: each wake-up looks at both ends' states and does the one step that they ask for. Steps run
 * one after the other; wake-ups that come meanwhile are one more look.
 */
export class Backend {
  readonly guest: DomainId;
  readonly #context: BackendContext;
  readonly #keys: PairKeys;
  readonly #bus = new VirtualBus<ExportedFunction>();
  readonly #exports = new Map<number, ExportedFunction>();
  #connection: { readonly page: ForeignPage; readonly channel: EventChannel } | undefined;
  #frontWatch: Watch | undefined;
  #phase: BackendPhase = 'starting';
  #stopped = false;
  #guestEnded = false;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(guest: DomainId, context: BackendContext) {
    this.guest = guest;
    this.#context = context;
    this.#keys = new PairKeys(context.platform.store, context.platform.domain, guest);
  }

  get phase(): BackendPhase {
    return this.#phase;
  }

  /** Functions in the guest's hands, with their guest addresses. */
  get exports(): readonly { readonly address: PciAddress; readonly virtual: PciAddress }[] {
    return [...this.#bus.occupants()].map(({ address, occupant }) => ({
      address: occupant.physical,
      virtual: address,
    }));
  }

  /** Something in the pair changed. Returns when the back end has caught up. */
  wake(): Promise<void> {
    this.#lookAgain = true;
    this.#looking ??= this.#catchUp().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** The domain is no more. What the tool stack leaves of the pair is removed; another back end's pair is not ours. */
  guestEnded(): Promise<void> {
    this.#guestEnded = this.#phase !== 'foreign';
    return this.wake();
  }

  /** Takes everything back without touching the pair: its keys belong to the tool stack. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
    if (this.#phase !== 'gone') await this.#end();
  }

  async #end(): Promise<void> {
    this.#phase = 'gone';
    await this.#takeBackAll();
    await this.#frontWatch?.unwatch();
  }

  #tell(event: EventBody<PcibackEvent>): void {
    this.#context.onEvent({ guest: this.guest, ...event });
  }

  async #catchUp(): Promise<void> {
    while (this.#lookAgain && !this.#stopped && this.#phase !== 'gone') {
      this.#lookAgain = false;
      try {
        await this.#look();
      } catch (error) {
        this.#tell({ event: 'failed', doing: 'following the guest', error });
        await this.#giveUp();
      }
    }
  }

  async #look(): Promise<void> {
    const states = await this.#keys.states();
    if (states === undefined || this.#guestEnded) {
      await this.#end();
      if (states !== undefined) await this.#keys.removeLeftover();
      this.#tell({ event: 'gone' });
      return;
    }
    await this.#step(states);
  }

  async #step(states: PairStates): Promise<void> {
    const { own, front } = states;
    if (this.#phase !== 'starting' && own === XenbusState.initialising) {
      // The tool stack removed the pair and made a new one before we looked.
      await this.#takeBackAll();
      this.#phase = 'starting';
    }
    if (this.#phase === 'starting' && own > XenbusState.initWait) {
      this.#phase = 'foreign';
      this.#tell({ event: 'foreign', state: own });
    }
    if (this.#phase === 'closed' || this.#phase === 'foreign') return;
    if (front === XenbusState.closing || front === XenbusState.closed) {
      // Followed once, however often the guest says it.
      if (own !== front) await this.#close(front);
      return;
    }
    switch (own) {
      case XenbusState.unknown:
      case XenbusState.initialising:
      case XenbusState.initWait:
        await this.#start(own);
        break;
      case XenbusState.initialised:
        if (this.#phase === 'exported' && front === XenbusState.initialised) await this.#connect();
        break;
      case XenbusState.reconfiguring:
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

  /** A new pair: its functions are exported before the guest is told to connect. */
  async #start(own: XenbusState): Promise<void> {
    if (this.#phase !== 'starting') return;
    this.#frontWatch ??= await this.#context.platform.store.watch(this.#keys.frontendState, () =>
      this.wake(),
    );
    if (own !== XenbusState.initWait && !(await this.#switch(XenbusState.initWait))) return;
    const keys = await this.#exportWanted();
    this.#phase = 'exported';
    await this.#switch(XenbusState.initialised, { ...keys, ...PairKeys.rootKeys() });
  }

  /** Exports every function that the tool stack wants: all or none. @returns the keys that tell the guest. */
  async #exportWanted(): Promise<Record<string, string>> {
    const wanted = (await this.#keys.functions()).filter(({ state }) => state === ExportState.wanted);
    const keys: Record<string, string> = {};
    const added: ExportedFunction[] = [];
    try {
      for (const entry of wanted) {
        if (this.#exports.has(entry.index)) continue;
        const { exported, virtual } = await this.#export(entry);
        added.push(exported);
        Object.assign(keys, PairKeys.exportedKeys(entry.index, virtual));
        this.#tell({ event: 'exported', address: entry.address, virtual });
      }
    } catch (cause) {
      for (const exported of added) await this.#takeBack(exported);
      throw cause;
    }
    return keys;
  }

  async #export({
    index,
    address,
    wantedSlot,
  }: FunctionEntry): Promise<{ exported: ExportedFunction; virtual: PciAddress }> {
    const { pool, drivers, holder, platform, policy, clock } = this.#context;
    // `xl pci-assignable-add` may have claimed it after we started.
    if (!pool.has(address) && drivers.binding(address).driver === holder) pool.adopt(address);
    const virtual = this.#bus.placeFor(address, wantedSlot);
    const lease = pool.take(address, `guest ${this.guest}`);
    let exported: ExportedFunction;
    try {
      const config = lease.function.config;
      exported = new ExportedFunction(
        lease,
        clock === undefined ? config : clock.measured(config),
        platform,
        this.guest,
        policy,
        (write) => {
          this.#tell({ event: 'write_refused', address, ...write });
        },
      );
    } catch (cause) {
      await this.#returnLease(lease);
      throw cause;
    }
    this.#bus.put(virtual, exported);
    this.#exports.set(index, exported);
    return { exported, virtual };
  }

  async #connect(): Promise<void> {
    const { platform } = this.#context;
    const { page: reference, port } = await this.#keys.connection();
    const page = platform.mapGrant(this.guest, reference);
    let channel: EventChannel;
    const shared = new SharedPage(page.buffer);
    // Each kind of failure once for each function: a guest can repeat them as fast as it likes (XSA-130).
    const told = new Set<string>();
    const handler = new OperationHandler(
      shared,
      this.#bus,
      ({ command, devfn }, error) => {
        if (told.size === told.add(`${command} ${devfn}`).size) return;
        this.#tell({ event: 'operation_failed', command, devfn, error });
      },
      this.#context.clock,
    );
    try {
      channel = platform.bindChannel(this.guest, port, () => {
        if (handler.service()) channel.notify();
      });
    } catch (cause) {
      page.close();
      throw cause;
    }
    this.#connection = { page, channel };
    this.#phase = 'connected';
    if (await this.#switch(XenbusState.connected)) {
      this.#tell({ event: 'connected', aerHandler: shared.hasAerHandler });
    }
  }

  async #reconfigure(): Promise<void> {
    const entries = await this.#keys.functions();
    for (const { index, state } of entries) {
      const exported = this.#exports.get(index);
      if (state !== ExportState.leaving || exported === undefined) continue;
      this.#exports.delete(index);
      await this.#takeBack(exported);
    }
    const keys = await this.#exportWanted();
    await this.#switch(XenbusState.reconfigured, { ...keys, ...PairKeys.rootKeys() });
  }

  /** The front end closes, and we follow it: an orderly end. The functions stay the guest's until the pair goes. */
  async #close(front: XenbusState): Promise<void> {
    this.#disconnect();
    for (const exported of this.#exports.values()) this.#interruptsOff(exported);
    if (front === XenbusState.closed) this.#phase = 'closed';
    await this.#switch(front);
  }

  /** A step failed: the pair is closed from our side and nothing stays half done. */
  async #giveUp(): Promise<void> {
    await this.#takeBackAll();
    this.#phase = 'closed';
    try {
      await this.#switch(XenbusState.closing);
    } catch (error) {
      this.#tell({ event: 'failed', doing: 'closing the pair', error });
    }
  }

  async #switch(state: XenbusState, keys: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const there = await this.#keys.switchState(state, keys);
    if (there) this.#tell({ event: 'state', state });
    return there;
  }

  #interruptsOff(exported: ExportedFunction): void {
    try {
      exported.interrupts.disable();
    } catch (error) {
      this.#tell({ event: 'failed', doing: `switching the interrupts of ${exported.physical} off`, error });
    }
  }

  #disconnect(): void {
    this.#connection?.channel.close();
    this.#connection?.page.close();
    this.#connection = undefined;
  }

  async #takeBackAll(): Promise<void> {
    // First the page: the guest must not reach a function that is on its way back.
    this.#disconnect();
    this.#exports.clear();
    const exports = [...this.#bus.occupants()].map(({ occupant }) => occupant);
    for (const exported of exports) await this.#takeBack(exported);
  }

  async #takeBack(exported: ExportedFunction): Promise<void> {
    this.#bus.remove(exported);
    for (const [index, other] of this.#exports) if (other === exported) this.#exports.delete(index);
    await this.#returnLease(exported.lease);
  }

  async #returnLease(lease: Lease): Promise<void> {
    this.#tell({ event: 'returned', report: await lease.giveBack() });
  }
}
