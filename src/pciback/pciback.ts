/** The back end of a whole host: one {@link Backend} for each guest that has a PCI pair with us. */
import type { ErrorReports } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { parseDomainId, type DomainId } from '../xen/domain.js';
import type { Pool } from '../pool/index.js';
import { backendPath, backendRoot } from '../xen/pciif/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { RELEASE_DOMAIN, type Watch } from '../xen/store/index.js';
import { Backend, type BackendContext } from './backend.js';
import type { PcibackEvent } from './events.js';
import type { GuestRecords } from './guest-record.js';
import { MemoryGuestRecords } from './guest-record-files.js';
import type { FrontEndKind } from './front-end-kind.js';
import type { BeforeReset, GuestExportsContext } from './guest-exports.js';
import { GuestTrace } from './guest-trace.js';
import { UNSAID } from './policy.js';
import { DEFAULT_RECOVERY, type RecoveryOptions } from './recovery-options.js';
import type { StageClock } from './stage-clock.js';
import type { TopologyName } from './topology.js';

/** Driver that keeps functions for Xen guests on Linux; libxl looks for it in sysfs. */
export const XEN_HOLDER = 'pciback';

/** Of {@link Pciback.start}. */
export interface PcibackOptions {
  readonly platform: XenPlatform;
  readonly pool: Pool;
  /** Driver that keeps functions for guests, `pciback` on Linux. */
  readonly holder: string;
  /** What a function is held to; absent: everything is held to {@link DEFAULT_POLICY}. */
  readonly policyOf?: GuestExportsContext['policyOf'];
  /** How guests see their functions; absent: `vpci`. */
  readonly topology?: TopologyName;
  /** Asked before each export; what it finds is told, and what it throws refuses the export. */
  readonly examine?: NonNullable<GuestExportsContext['examine']>;
  /** Ends a function's DMA into the guest that it comes back from, before the function is reset. */
  readonly beforeReset?: BeforeReset;
  /** What a later process goes on from; absent where guests end with this one. */
  readonly records?: GuestRecords;
  readonly onEvent?: (event: PcibackEvent) => void;
  /** The machine's error reports, where it has them: guests are asked to recover their functions. */
  readonly errors?: ErrorReports | undefined;
  /** What is not given is as in {@link DEFAULT_RECOVERY}. */
  readonly recovery?: Partial<RecoveryOptions>;
  /** Measures operations by stage; costs a little on each. */
  readonly clock?: StageClock;
}

/** Follows `backend/pci` of its domain in XenStore: a pair that any tool stack makes is served, one that goes is cleared up. */
export class Pciback implements AsyncDisposable {
  readonly #context: BackendContext;
  readonly #root: string;
  readonly #backends = new Map<DomainId, Backend>();
  readonly #traces = new Map<DomainId, GuestTrace>();
  #watches: readonly Watch[] = [];
  #errors: Disposable | undefined;

  private constructor(options: PcibackOptions) {
    this.#context = {
      platform: options.platform,
      pool: options.pool,
      holder: options.holder,
      records: options.records ?? new MemoryGuestRecords(),
      policyOf: options.policyOf ?? (() => UNSAID),
      topology: options.topology ?? 'vpci',
      beforeReset: options.beforeReset ?? (() => undefined),
      wrap: (config) => options.clock?.measured(config) ?? config,
      onEvent: options.onEvent ?? (() => undefined),
      clock: options.clock,
      traceOf: (guest) => this.#traces.get(guest),
      ...(options.examine === undefined ? {} : { examine: options.examine }),
      recovery: { ...DEFAULT_RECOVERY, ...options.recovery },
    };
    this.#root = backendRoot(options.platform.domain);
  }

  /**
   * Begins to serve; pairs that exist already are found by the watch's first event. Guests that a former process served
   * are served on by the time it settles. @throws {GuestRecordUnreadableError}
   */
  static async start(options: PcibackOptions): Promise<Pciback> {
    const pciback = new Pciback(options);
    const resumed = pciback.#adopt();
    const { store } = options.platform;
    pciback.#watches = [
      await store.watch(pciback.#root, (path) => pciback.#changed(path)),
      await store.watch(RELEASE_DOMAIN, () => pciback.#domainReleased()),
    ];
    pciback.#errors = options.errors?.onError((report) => {
      // The hardware has dealt with it.
      if (report.severity === 'correctable') return;
      for (const backend of pciback.guests) backend.errorReported(report);
    });
    await resumed;
    return pciback;
  }

  /** Guests of a former process; and functions that it was about to give, which no guest has seen. */
  async #adopt(): Promise<void> {
    const { records, pool } = this.#context;
    const resumed: Promise<void>[] = [];
    const recorded = new Set<number>();
    for (const record of records.former()) {
      for (const { address } of record.exports) recorded.add(address.sbdf);
      const backend = new Backend(record.guest, this.#context, record);
      this.#backends.set(record.guest, backend);
      this.#forgetWhenGone(backend, backend.wake());
      resumed.push(backend.resumed);
    }
    for (const { address, taker } of pool.left())
      if (!recorded.has(address.sbdf)) void this.#takeBack(address, taker);
    await Promise.all(resumed);
  }

  async #takeBack(address: PciAddress, taker: string): Promise<void> {
    const { pool, onEvent } = this.#context;
    const guest = parseDomainId(taker.replace(/^guest /, ''));
    if (guest === undefined) return;
    try {
      onEvent({ guest, event: 'returned', report: await pool.resume(address, taker).giveBack() });
    } catch (error) {
      onEvent({ guest, event: 'failed', doing: `taking ${address} back`, error });
    }
  }

  /** Some domain died or shut down; Xen does not say which. */
  async #domainReleased(): Promise<void> {
    for (const [guest, backend] of this.#backends) {
      if (await this.#context.platform.store.isIntroduced(guest)) continue;
      this.#forgetWhenGone(backend, backend.guestEnded());
    }
  }

  /** Guests that have a pair with us now. */
  get guests(): readonly Backend[] {
    return [...this.#backends.values()];
  }

  /** Why a guest does not have a function that its tool stack lists; undefined when it has it, or nobody asked. */
  refusal(guest: DomainId, address: PciAddress): Error | undefined {
    return this.#backends.get(guest)?.refusal(address);
  }

  /**
   * The trace of a guest, begun where there is none: also of a domain that has no function yet. It goes on until
   * {@link endTrace}.
   */
  trace(guest: DomainId): GuestTrace {
    const running = this.#traces.get(guest);
    if (running !== undefined) return running;
    const trace = new GuestTrace();
    this.#traces.set(guest, trace);
    this.#backends.get(guest)?.trace(trace);
    return trace;
  }

  endTrace(guest: DomainId): void {
    this.#traces.get(guest)?.[Symbol.dispose]();
    this.#traces.delete(guest);
  }

  /** What the guest's front end can take; undefined before it connects to us, and where another back end has the pair. */
  frontEnd(guest: DomainId): FrontEndKind | undefined {
    return this.#backends.get(guest)?.frontEnd;
  }

  async #changed(path: string): Promise<void> {
    const [guest] = path.slice(this.#root.length + 1).split('/');
    if (path !== this.#root && guest !== undefined && guest !== '') {
      this.#wake(guest);
      return;
    }
    // The root itself: at the start, after a flood of events, and when the last pair was removed with its parents.
    const present = (await this.#context.platform.store.list(this.#root)) ?? [];
    for (const name of new Set([...present, ...[...this.#backends.keys()].map(String)])) this.#wake(name);
  }

  /** Not awaited by the watch: one guest's slow step, a reset of a second, must not keep the others waiting. */
  #wake(name: string): void {
    const guest = parseDomainId(name);
    if (guest === undefined) return;
    let backend = this.#backends.get(guest);
    if (backend === undefined) {
      backend = new Backend(guest, this.#context);
      this.#backends.set(guest, backend);
    }
    this.#forgetWhenGone(backend, backend.wake());
  }

  #forgetWhenGone(backend: Backend, caughtUp: Promise<void>): void {
    const { guest } = backend;
    void caughtUp.then(async () => {
      if (backend.phase !== 'gone' || this.#backends.get(guest) !== backend) return;
      this.#backends.delete(guest);
      // The tool stack may have made the pair again while the functions were on their way back.
      const { store, domain } = this.#context.platform;
      const again = await store.read(`${backendPath(domain, guest)}/state`).catch(() => undefined);
      if (again !== undefined) this.#wake(String(guest));
    });
  }

  /**
   * Ends without taking anything from any guest: a later process serves them on. Until then their devices work, and
   * their configuration space does not answer.
   */
  async leave(): Promise<void> {
    this.#errors?.[Symbol.dispose]();
    await Promise.allSettled(this.#watches.map((watch) => watch.unwatch()));
    await Promise.all(this.guests.map((backend) => backend.leave()));
    this.#backends.clear();
  }

  /** Takes back what every guest has. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#errors?.[Symbol.dispose]();
    // When the store is gone, the watches are too; the functions must come back all the same.
    await Promise.allSettled(this.#watches.map((watch) => watch.unwatch()));
    await Promise.all(this.guests.map((backend) => backend.stop()));
    this.#backends.clear();
  }
}
