/** One guest's back end: its life from the first look at the pair, or from what a former process left, to its end. */
import type { ErrorReport } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { Follower } from '../xen/store/index.js';
import { recognise } from './adoption.js';
import type { PairEvent, PcibackEvent } from './events.js';
import type { FrontEndKind } from './front-end-kind.js';
import { GuestExports, type GuestExportsContext } from './guest-exports.js';
import type { GuestRecord, GuestRecords } from './guest-record.js';
import type { GuestTrace } from './guest-trace.js';
import { GuestRecovery } from './guest-recovery.js';
import { Handshake, type BackendPhase, type HandshakeContext } from './handshake.js';
import { PairKeys, type PairStates } from './pair-keys.js';
import type { FunctionPolicy } from './policy.js';
import type { RecoveryOptions } from './recovery-options.js';

/** What all back ends of one owner share. */
export interface BackendContext extends GuestExportsContext, HandshakeContext {
  readonly records: GuestRecords;
  readonly onEvent: (event: PcibackEvent) => void;
  readonly recovery: RecoveryOptions;
}

/**
 * Driven by watches only: each look at both ends' states is followed by the one step of the handshake that they ask for.
 */
export class Backend {
  readonly guest: DomainId;
  readonly #context: BackendContext;
  readonly #keys: PairKeys;
  readonly #exports: GuestExports;
  readonly #handshake: Handshake;
  readonly #recovery: GuestRecovery;
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
        this.#handshake.dialogue?.wake();
        this.#tell({ event: 'returned', report });
      },
      writeRefused: (address, write) => {
        this.#tell({ event: 'write_refused', address, ...write });
      },
      failed: (doing, error) => {
        this.#tell({ event: 'failed', doing, error });
      },
    });
    this.#handshake = new Handshake(context, {
      guest,
      keys: this.#keys,
      exports: this.#exports,
      record: this.#record,
      follower: this.#follower,
      tell: (event) => {
        this.#tell(event);
      },
    });
    this.#recovery = new GuestRecovery(
      {
        list: () => this.#exports.list(),
        ask: (question, milliseconds) => this.#handshake.dialogue?.ask(question, milliseconds),
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
    return this.#handshake.phase;
  }

  /** What the front end can take; undefined before it connects. */
  get frontEnd(): FrontEndKind | undefined {
    return this.#handshake.frontEnd;
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
    const { phase } = this.#handshake;
    this.#exports.trace(into, phase === 'starting' || phase === 'exported');
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
    this.#guestEnded = this.#handshake.phase !== 'foreign';
    return this.wake();
  }

  /** Takes everything back without touching the pair: its keys belong to the tool stack. */
  async stop(): Promise<void> {
    this.#follower.stop();
    await this.#follower.settled();
    if (this.#former) await this.#resume(undefined);
    if (this.#handshake.phase !== 'gone') await this.#end();
  }

  /**
   * Lets go of the guest and touches nothing that it has: whoever serves next goes on. What was being taken back comes
   * back then.
   */
  async leave(): Promise<void> {
    this.#follower.stop();
    const recovered = this.#recovery.stop();
    await this.#follower.settled();
    this.#handshake.disconnect();
    await recovered;
    await this.#handshake.unwatch();
    this.#record.close();
  }

  #tell(event: PairEvent): void {
    this.#context.onEvent({ guest: this.guest, ...event });
  }

  async #look(): Promise<void> {
    try {
      await this.#follow();
    } catch (error) {
      this.#tell({ event: 'failed', doing: 'following the guest', error });
      this.#setResumed();
      await this.#handshake.giveUp();
    }
  }

  async #follow(): Promise<void> {
    const states = await this.#keys.states();
    const former = this.#former;
    if (former) await this.#resume(states);
    if (states === undefined || this.#guestEnded) {
      // Woken by the removal itself, of a pair that is not ours to follow any more: nothing is gone that was not before.
      const never = this.#handshake.isUntouched && !former;
      await this.#end();
      if (states !== undefined) await this.#keys.removeLeftover();
      this.#follower.stop();
      if (!never) this.#tell({ event: 'gone' });
      return;
    }
    await this.#handshake.step(states);
  }

  /** Goes on where a former process ended; `adoption.ts` says from what. */
  async #resume(states: PairStates | undefined): Promise<void> {
    this.#former = false;
    const seen = await recognise(this.#context.platform.store, this.#keys, this.#record, states);
    const leaving = this.#exports.resume(seen === 'living');
    if (seen === 'ended') this.#guestEnded = true;
    else if (seen === 'living' && states !== undefined) {
      const connected = await this.#handshake.resume(states);
      this.#tell({ event: 'resumed', functions: this.#exports.list().length, connected });
    }
    this.#setResumed();
    await this.#exports.bringBack(leaving);
    if (seen === 'replaced') {
      await this.#handshake.takeBackAll();
      this.#record.remove();
    }
  }

  async #end(): Promise<void> {
    const recovered = this.#recovery.stop();
    await this.#handshake.end();
    await recovered;
    this.#record.remove();
  }
}
