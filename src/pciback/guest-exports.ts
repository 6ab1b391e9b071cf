/** The functions in one guest's hands: exported from the pool onto its virtual bus, and taken back. */
import type { ConfigSpace } from '../function/index.js';
import type { ErrorData, PciAddress } from '../pci/index.js';
import type { Lease, Pool, ReturnReport } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import { ExportState } from '../xen/pciif/index.js';
import type { Pirq, XenPlatform } from '../xen/platform.js';
import { ExportedFunction, type ExportLife, type RefusedWrite } from './exported-function.js';
import type { ExportRecord, GuestRecord } from './guest-record.js';
import type { GuestTrace } from './guest-trace.js';
import type { FunctionEntry, ListedFunction } from './pair-keys.js';
import { UNSAID, type FunctionPolicy } from './policy.js';
import { topologyOf, type Topology, type TopologyName } from './topology.js';

/** Called while the function is still the guest's in the pool: nobody else can have it yet. */
export type BeforeReset = (guest: DomainId, address: PciAddress) => void | Promise<void>;

export interface GuestExportsContext {
  readonly beforeReset: BeforeReset;
  readonly platform: XenPlatform;
  readonly pool: Pool;
  /** Driver whose functions join the pool when a tool stack names them: it keeps them for guests. */
  readonly holder: string;
  /**
   * What the function is held to in the guest's hands, from its export to its return.
   * @throws why it must not be exported: what was said of it cannot be understood.
   */
  readonly policyOf: (guest: DomainId, address: PciAddress) => FunctionPolicy | Promise<FunctionPolicy>;
  /** How every guest sees its functions. */
  readonly topology: TopologyName;
  /**
   * What the guest's owner should know of a function before it is exported; absent where nobody wants to know.
   * @throws why it must not be exported.
   */
  readonly examine?: (guest: DomainId, address: PciAddress) => Promise<readonly ErrorData[]>;
  /** Where somebody traces the guest. */
  readonly traceOf: (guest: DomainId) => GuestTrace | undefined;
  /** Puts a measuring wrapper around configuration space, where somebody measures. */
  readonly wrap: (config: ConfigSpace) => ConfigSpace;
}

/** Told of what happens to the guest's functions. */
export interface GuestExportsListener {
  exported(address: PciAddress, virtual: PciAddress, policy: FunctionPolicy): void;
  found(address: PciAddress, finding: ErrorData): void;
  returned(report: ReturnReport): void;
  writeRefused(address: PciAddress, write: Parameters<RefusedWrite>[0]): void;
  failed(doing: string, error: unknown): void;
}

/** Functions are known by their own address; the numbers that the tool stack gives them change under detach. */
export class GuestExports {
  readonly topologyName: TopologyName;
  readonly topology: Topology<ExportedFunction>;
  readonly #guest: DomainId;
  readonly #context: GuestExportsContext;
  readonly #listener: GuestExportsListener;
  /** Outlives this process. */
  readonly #record: GuestRecord;
  /** Why a listed function is not exported, by its address. */
  readonly #refusals = new Map<number, Error>();

  constructor(
    guest: DomainId,
    context: GuestExportsContext,
    record: GuestRecord,
    listener: GuestExportsListener,
  ) {
    this.#guest = guest;
    this.#context = context;
    this.#record = record;
    this.#listener = listener;
    // What the guest has found at an address stays there, however the owner was started again.
    this.topologyName = record.topology ?? context.topology;
    this.topology = topologyOf(this.topologyName);
  }

  list(): readonly { readonly exported: ExportedFunction; readonly virtual: PciAddress }[] {
    return [...this.topology.occupants()].map(({ address, occupant }) => ({
      exported: occupant,
      virtual: address,
    }));
  }

  /** `fromTheStart`: the guest has not seen any of them yet. */
  trace(into: GuestTrace, fromTheStart: boolean): void {
    for (const { exported, virtual } of this.list()) into.add(exported, virtual, fromTheStart);
  }

  /** Why a listed function was not exported; undefined when it was, or is not listed. */
  refusal(address: PciAddress): Error | undefined {
    return this.#refusals.get(address.sbdf);
  }

  /**
   * Goes on with what a former process had exported. One that cannot be resumed is told and left to the pool.
   * @param pirqsLive false when the guest that had them is no more.
   * @returns what it was taking back, which nobody reaches any more: for {@link bringBack}.
   */
  resume(pirqsLive: boolean): readonly ExportedFunction[] {
    const leaving: ExportedFunction[] = [];
    for (const record of this.#record.exports) {
      const { address, virtual, stage } = record;
      const { interrupts } = record;
      // Another guest's numbers by now, if anybody's.
      const ended = { ...interrupts, pirqs: [], step: 'settled' } as const;
      try {
        const exported = this.#resume(pirqsLive ? record : { ...record, interrupts: ended });
        if (exported === undefined) this.#record.drop(address);
        else if (stage === 'leaving') leaving.push(exported);
        else this.topology.put(virtual, exported);
      } catch (error) {
        this.#record.drop(address);
        this.#listener.failed(`going on with ${address}`, error);
      }
    }
    return leaving;
  }

  async bringBack(leaving: readonly ExportedFunction[]): Promise<void> {
    for (const { lease } of leaving) await this.#giveBack(lease);
  }

  /** Undefined when it is back in the pool already, and only the record did not get to know it. */
  #resume(record: ExportRecord): ExportedFunction | undefined {
    const { pool } = this.#context;
    const { address, virtual, stage } = record;
    if (stage === 'leaving' && !pool.isTaken(address)) return undefined;
    const lease = pool.resume(address, `guest ${this.#guest}`);
    const others = this.#record.exports.filter((other) => !other.address.equals(address));
    const otherPirqs = new Set<Pirq>(others.flatMap(({ interrupts }) => interrupts.pirqs));
    return this.#exported(lease, virtual, record.policy ?? UNSAID, { former: record, otherPirqs });
  }

  /** @throws what the pool or the bus refuses; nothing is taken then. */
  async add(entry: FunctionEntry): Promise<ListedFunction> {
    const { address, wantedSlot } = entry;
    const there = this.#listed(address);
    if (there !== undefined) return there;
    try {
      const { virtual, policy } = await this.#export(address, wantedSlot);
      this.#refusals.delete(address.sbdf);
      this.#listener.exported(address, virtual, policy);
      return { address, virtual };
    } catch (error) {
      this.#refusals.set(address.sbdf, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /**
   * Exports what is wanted and takes back what leaves. One that fails is told and left wanted. `new`: only what was not
   * tried before, because the guest can cause this to be called. `all`: what failed before once more; what was listed
   * since was asked for together, and a guest that is connected gets all of it or none.
   * @returns what became of those that were tried.
   */
  async follow(list: readonly FunctionEntry[], tried: 'all' | 'new'): Promise<readonly ListedFunction[]> {
    await this.takeBackUnlisted(list.filter(({ state }) => state !== ExportState.leaving));
    const wanted = list.filter(({ state }) => state === ExportState.wanted);
    const isFresh = ({ address }: FunctionEntry) => !this.#refusals.has(address.sbdf);
    // What a former process had exported and did not get to say is added without doing.
    const fresh = wanted.filter(isFresh);
    const stale = tried === 'all' ? wanted.filter((entry) => !isFresh(entry)) : [];
    let added = await this.#addEach(fresh);
    if (tried === 'all' && added.some(({ virtual }) => virtual === undefined)) {
      for (const { exported } of this.list())
        if (fresh.some(({ address }) => address.equals(exported.physical))) await this.takeBack(exported);
      added = fresh.map(({ address }) => ({ address, virtual: undefined }));
    }
    return [...added, ...(await this.#addEach(stale))];
  }

  async #addEach(entries: readonly FunctionEntry[]): Promise<readonly ListedFunction[]> {
    const added: ListedFunction[] = [];
    for (const entry of entries) {
      const { address } = entry;
      try {
        added.push(await this.add(entry));
      } catch (error) {
        added.push({ address, virtual: undefined });
        this.#listener.failed(`exporting ${address}`, error);
      }
    }
    return added;
  }

  /** What is not listed any more was removed without asking the guest, which need not answer. */
  async takeBackUnlisted(list: readonly FunctionEntry[]): Promise<void> {
    const listed = new Set(list.map(({ address }) => address.sbdf));
    for (const { exported } of this.list())
      if (!listed.has(exported.physical.sbdf)) await this.takeBack(exported);
    for (const sbdf of this.#refusals.keys()) if (!listed.has(sbdf)) this.#refusals.delete(sbdf);
  }

  #listed(address: PciAddress): ListedFunction | undefined {
    const there = this.list().find(({ exported }) => exported.physical.equals(address));
    return there === undefined ? undefined : { address, virtual: there.virtual };
  }

  async #export(
    address: PciAddress,
    wantedSlot: number | undefined,
  ): Promise<{ readonly virtual: PciAddress; readonly policy: FunctionPolicy }> {
    const { pool, holder, examine } = this.#context;
    // `xl pci-assignable-add` may have claimed it after we started.
    pool.adoptHeld(address, holder);
    // A guest that is started again at once finds its function still on the way back from its former self.
    await pool.returned(address);
    for (const finding of (await examine?.(this.#guest, address)) ?? [])
      this.#listener.found(address, finding);
    const policy = await this.#context.policyOf(this.#guest, address);
    const virtual = this.topology.placeFor(address, wantedSlot, pool.isVirtual(address));
    const lease = pool.take(address, `guest ${this.#guest}`);
    let exported: ExportedFunction;
    try {
      exported = this.#exported(lease, virtual, policy);
    } catch (cause) {
      await this.#giveBack(lease);
      throw cause;
    }
    this.#context.traceOf(this.#guest)?.add(exported, virtual, true);
    this.topology.put(virtual, exported);
    return { virtual, policy };
  }

  #exported(
    lease: Lease,
    virtual: PciAddress,
    policy: FunctionPolicy,
    life: Omit<ExportLife, 'keep'> = {},
  ): ExportedFunction {
    const { platform, wrap } = this.#context;
    const { address, config } = lease.function;
    const refused: RefusedWrite = (write) => {
      this.#listener.writeRefused(address, write);
    };
    return new ExportedFunction(lease, wrap(config), platform, this.#guest, policy, refused, {
      ...life,
      keep: (memory) => {
        this.#record.put({
          ...memory,
          address,
          virtual,
          ...(policy.allowed === undefined ? {} : { policy }),
        });
      },
    });
  }

  /** `distrust`: nobody gets it after this guest, for that reason. */
  async takeBack(exported: ExportedFunction, distrust?: string): Promise<void> {
    this.#offTheBus(exported);
    await this.#giveBack(exported.lease, distrust);
  }

  /** First: the guest must not reach a function that is on its way back, whichever process takes it back. */
  #offTheBus(exported: ExportedFunction): void {
    this.topology.remove(exported);
    this.#noting(exported.physical, () => {
      exported.leaving();
    });
  }

  /** A record that cannot be written must not keep a function from coming back. */
  #noting(address: PciAddress, note: () => void): void {
    try {
      note();
    } catch (error) {
      this.#listener.failed(`taking down what becomes of ${address}`, error);
    }
  }

  async takeBackAll(): Promise<void> {
    const all = this.list();
    for (const { exported } of all) this.#offTheBus(exported);
    for (const { exported } of all) await this.#giveBack(exported.lease);
  }

  /** The guest waits for no answer of a former process any more. */
  allAnswered(): void {
    for (const { exported } of this.list()) exported.interrupts.answered();
  }

  interruptsOff(): void {
    for (const { exported } of this.list()) {
      try {
        exported.interrupts.disable();
      } catch (error) {
        this.#listener.failed(`switching the interrupts of ${exported.physical} off`, error);
      }
    }
  }

  async #giveBack(lease: Lease, distrust?: string): Promise<void> {
    // Undone first of all, because it is added last.
    lease.ledger.add({
      what: 'DMA into the guest',
      undo: () => this.#context.beforeReset(this.#guest, lease.function.address),
    });
    const report = await lease.giveBack(distrust);
    this.#noting(report.address, () => {
      this.#record.drop(report.address);
    });
    this.#listener.returned(report);
  }
}
