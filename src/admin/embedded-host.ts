/** The whole job in one process: a machine, an embedded Xen on it, its store, the pool, the back end and the tool stack. */
import type { MachineWithDrivers } from '../function/index.js';
import { Pciback, type RecoveryOptions, type TopologyName } from '../pciback/index.js';
import { MemoryJournal, Pool } from '../pool/index.js';
import { LocalXen, type HostedMachine } from '../xen/local/index.js';
import { StoreServer } from '../xen/store/index.js';
import { Attachments } from './attachments.js';
import { FaultReports } from './fault-reports.js';
import { examinerOf, ExportGuard, type Examiner, type FindingName } from './findings/index.js';
import { endDmaBeforeReset } from './function-dma.js';
import { HostClaims, XEN_HOLDER } from './host-claims.js';
import type { HostEvent } from './host-events.js';
import { LocalGuests } from './local-guests.js';
import { FunctionNames, machineSource, type NameFolder } from './names/index.js';
import { GuestTraces, PolicyChoice, type DevicePolicies } from './policies/index.js';
import { RecoveryResponses } from './recovery-responses.js';
import { ReportedErrors } from './reported-errors.js';

/** Of {@link EmbeddedHost.start}; only `machine` is needed. */
export interface EmbeddedHostOptions {
  /** Disposed of with the host. */
  readonly machine: HostedMachine & MachineWithDrivers;
  readonly onEvent?: (event: HostEvent) => void;
  /** Findings that are allowed for every attachment, without being named at it. */
  readonly allowed?: readonly FindingName[];
  /** Refuses what is unsafe and not allowed also at the back end, whichever tool stack gives it. */
  readonly refuseUnsafe?: boolean;
  /** What guests may write, kept for devices; absent: what the default allows. */
  readonly policies?: DevicePolicies;
  /** Bound of each wait for an end of a guest's PCI pair, in milliseconds; absent: as long as libxl waits, 10 s. */
  readonly patience?: number;
  /** Names of its functions, which specifications may use; none where absent. */
  readonly names?: NameFolder;
  /** How guests see their functions; absent: `vpci`. */
  readonly topology?: TopologyName;
  /** What becomes of functions that fail in a guest's hands; what is not given is as in `DEFAULT_RECOVERY`. */
  readonly recovery?: Partial<RecoveryOptions>;
}

/** What a host is made of, in the order in which it is started. */
interface Parts {
  readonly store: StoreServer;
  readonly xen: LocalXen;
  readonly pool: Pool;
  readonly claims: HostClaims;
  readonly pciback: Pciback;
  readonly attachments: Attachments;
  readonly guests: LocalGuests;
  readonly examiner: Examiner;
  readonly policies: PolicyChoice;
  readonly traces: GuestTraces;
  readonly faults: Disposable;
  readonly errors: Disposable | undefined;
  readonly responses: RecoveryResponses;
}

/**
 * A host in this process, for tests of a driver and for programs of one's own: docs/guests.md shows one. Disposed of,
 * it ends its guests, takes back what they had, and closes its machine.
 */
export class EmbeddedHost implements AsyncDisposable {
  readonly machine: EmbeddedHostOptions['machine'];
  readonly store: StoreServer;
  readonly xen: LocalXen;
  readonly pool: Pool;
  readonly claims: HostClaims;
  readonly pciback: Pciback;
  readonly attachments: Attachments;
  readonly guests: LocalGuests;
  readonly examiner: Examiner;
  readonly policies: PolicyChoice;
  readonly traces: GuestTraces;
  readonly #parts: Parts;

  private constructor(machine: EmbeddedHostOptions['machine'], parts: Parts) {
    this.machine = machine;
    this.store = parts.store;
    this.xen = parts.xen;
    this.pool = parts.pool;
    this.claims = parts.claims;
    this.pciback = parts.pciback;
    this.attachments = parts.attachments;
    this.guests = parts.guests;
    this.examiner = parts.examiner;
    this.policies = parts.policies;
    this.traces = parts.traces;
    this.#parts = parts;
  }

  static async start(options: EmbeddedHostOptions): Promise<EmbeddedHost> {
    const { machine } = options;
    const onEvent = guarded(options.onEvent);
    const store = new StoreServer();
    const xen = new LocalXen(machine, store, {
      onFault: (guest, error) => {
        onEvent({ of: 'hypervisor', guest, error });
      },
    });
    const { platform } = xen;
    const pool = new Pool(machine, new MemoryJournal());
    const names =
      options.names === undefined
        ? undefined
        : new FunctionNames(options.names, machineSource(machine, pool));
    const misnamed = names?.misnamed;
    const claims = new HostClaims(pool, machine, platform, misnamed);
    const { allowed = [], refuseUnsafe = false } = options;
    const examiner = examinerOf({ platform, machine, pool, misnamed });
    const guard = new ExportGuard(examiner, { allowed, refuses: refuseUnsafe });
    const policies = new PolicyChoice(machine, options.policies);
    // Made after the back end, whose events it follows.
    let responses: RecoveryResponses | undefined = undefined as RecoveryResponses | undefined;
    const pciback = await Pciback.start({
      platform,
      pool,
      holder: XEN_HOLDER,
      policyOf: (_guest, address) => policies.policyOf(address),
      examine: (guest, address) => guard.examine(guest, address),
      beforeReset: (guest, address) => endDmaBeforeReset(platform, guest, address),
      ...(options.topology === undefined ? {} : { topology: options.topology }),
      errors: machine.errors,
      ...(options.recovery === undefined ? {} : { recovery: options.recovery }),
      onEvent: (event) => {
        onEvent({ of: 'back end', event });
        responses?.heard(event);
      },
    });
    const attachments = await Attachments.start({
      platform,
      machine,
      pool,
      claims,
      backEnds: pciback,
      ...(names === undefined ? {} : { names }),
      allowed,
      guard,
      policies,
      ...(options.patience === undefined ? {} : { patience: options.patience }),
      onError: (doing, error) => {
        onEvent({ of: 'tool stack', doing, error });
      },
    });
    const guests = new LocalGuests(xen, {
      onEvent: (event) => {
        onEvent({ of: 'guest', event });
      },
      beforeClearing: (guest) => attachments.guestEnded(guest),
      onError: (guest, error) => {
        onEvent({ of: 'tool stack', doing: `clearing up behind guest ${guest}`, error });
      },
    });
    responses = new RecoveryResponses({
      attachments,
      destroy: (guest) => guests.destroy(guest),
      onError: (doing, error) => {
        onEvent({ of: 'tool stack', doing, error });
      },
    });
    const errors =
      machine.errors &&
      new ReportedErrors(machine.errors, (report, count) => {
        onEvent({ of: 'PCI', report, count });
      });
    const faults = new FaultReports(machine.host, (fault, count) => {
      onEvent({ of: 'IOMMU', fault, count });
    });
    return new EmbeddedHost(machine, {
      store,
      xen,
      pool,
      claims,
      pciback,
      attachments,
      guests,
      examiner,
      policies,
      traces: new GuestTraces(pciback, platform, machine),
      faults,
      errors,
      responses,
    });
  }

  /** Guests end first, so that their functions come back through the back end; then what they stood on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.guests.list().map(({ domain }) => this.guests.destroy(domain)));
    this.traces[Symbol.dispose]();
    await this.#parts.responses[Symbol.asyncDispose]();
    await this.attachments[Symbol.asyncDispose]();
    await this.pciback[Symbol.asyncDispose]();
    this.#parts.faults[Symbol.dispose]();
    this.#parts.errors?.[Symbol.dispose]();
    await this.xen[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
  }
}

/** What is told must not stop what it is told by: guests are cleared up behind whatever becomes of the telling. */
function guarded(onEvent: (event: HostEvent) => void = () => undefined): (event: HostEvent) => void {
  return (event) => {
    try {
      onEvent(event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  };
}
