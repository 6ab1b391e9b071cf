/** The functions in one guest's hands: exported from the pool onto its virtual bus, and taken back. */
import type { ConfigSpace } from '../function/index.js';
import type { Pirq } from '../xen/platform.js';
import type { PciAddress } from '../pci/index.js';
import type { Lease, Pool, ReturnReport } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import { ExportState } from '../xen/pciif/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { ExportedFunction, type ExportLife, type RefusedWrite } from './exported-function.js';
import type { ExportRecord, GuestRecord } from './guest-record.js';
import type { FunctionEntry } from './pair-keys.js';
import type { Policy } from './policy.js';
import { VirtualBus } from './virtual-bus.js';

export interface GuestExportsContext {
  readonly platform: XenPlatform;
  readonly pool: Pool;
  /** Driver whose functions join the pool when a tool stack names them: it keeps them for guests. */
  readonly holder: string;
  readonly policy: Policy;
  /** Puts a measuring wrapper around configuration space, where somebody measures. */
  readonly wrap: (config: ConfigSpace) => ConfigSpace;
}

/** A function that the guest has now, by its number in the tool stack's list. */
export interface PlacedFunction {
  readonly index: number;
  readonly virtual: PciAddress;
}

/** Told of what happens to the guest's functions. */
export interface GuestExportsListener {
  exported(address: PciAddress, virtual: PciAddress): void;
  returned(report: ReturnReport): void;
  writeRefused(address: PciAddress, write: Parameters<RefusedWrite>[0]): void;
  failed(doing: string, error: unknown): void;
}

/** Functions are known by their own address; the numbers that the tool stack gives them change under detach. */
export class GuestExports {
  readonly bus = new VirtualBus<ExportedFunction>();
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
  }

  list(): readonly { readonly exported: ExportedFunction; readonly virtual: PciAddress }[] {
    return [...this.bus.occupants()].map(({ address, occupant }) => ({
      exported: occupant,
      virtual: address,
    }));
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
        else this.bus.put(virtual, exported);
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
    return this.#exported(lease, virtual, { former: record, otherPirqs });
  }

  /** @throws what the pool or the bus refuses; nothing is taken then. */
  async add(entry: FunctionEntry): Promise<PlacedFunction> {
    const there = this.#placed(entry);
    if (there !== undefined) return there;
    const { index, address, wantedSlot } = entry;
    try {
      const virtual = await this.#export(address, wantedSlot);
      this.#refusals.delete(address.sbdf);
      this.#listener.exported(address, virtual);
      return { index, virtual };
    } catch (error) {
      this.#refusals.set(address.sbdf, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /**
   * Exports what is wanted and takes back what leaves. One that fails is told and left wanted. `new`: only what was not
   * tried before, because the guest can cause this to be called.
   */
  async follow(list: readonly FunctionEntry[], tried: 'all' | 'new'): Promise<readonly PlacedFunction[]> {
    await this.takeBackUnlisted(list.filter(({ state }) => state !== ExportState.leaving));
    const placed: PlacedFunction[] = [];
    for (const entry of list) {
      if (entry.state !== ExportState.wanted) continue;
      const there = this.#placed(entry);
      if (there !== undefined) {
        // Exported by a former process that did not get to say so.
        placed.push(there);
        continue;
      }
      if (tried === 'new' && this.#refusals.has(entry.address.sbdf)) continue;
      try {
        placed.push(await this.add(entry));
      } catch (error) {
        this.#listener.failed(`exporting ${entry.address}`, error);
      }
    }
    return placed;
  }

  /** What is not listed any more was removed without asking the guest, which need not answer. */
  async takeBackUnlisted(list: readonly FunctionEntry[]): Promise<void> {
    const listed = new Set(list.map(({ address }) => address.sbdf));
    for (const { exported } of this.list())
      if (!listed.has(exported.physical.sbdf)) await this.takeBack(exported);
    for (const sbdf of this.#refusals.keys()) if (!listed.has(sbdf)) this.#refusals.delete(sbdf);
  }

  #placed({ index, address }: FunctionEntry): PlacedFunction | undefined {
    const there = this.list().find(({ exported }) => exported.physical.equals(address));
    return there === undefined ? undefined : { index, virtual: there.virtual };
  }

  async #export(address: PciAddress, wantedSlot: number | undefined): Promise<PciAddress> {
    const { pool, holder } = this.#context;
    // `xl pci-assignable-add` may have claimed it after we started.
    pool.adoptHeld(address, holder);
    // A guest that is started again at once finds its function still on the way back from its former self.
    await pool.returned(address);
    const virtual = this.bus.placeFor(address, wantedSlot);
    const lease = pool.take(address, `guest ${this.#guest}`);
    let exported: ExportedFunction;
    try {
      exported = this.#exported(lease, virtual);
    } catch (cause) {
      await this.#giveBack(lease);
      throw cause;
    }
    this.bus.put(virtual, exported);
    return virtual;
  }

  #exported(lease: Lease, virtual: PciAddress, life: Omit<ExportLife, 'keep'> = {}): ExportedFunction {
    const { platform, policy, wrap } = this.#context;
    const { address, config } = lease.function;
    const refused: RefusedWrite = (write) => {
      this.#listener.writeRefused(address, write);
    };
    return new ExportedFunction(lease, wrap(config), platform, this.#guest, policy, refused, {
      ...life,
      keep: (memory) => {
        this.#record.put({ ...memory, address, virtual });
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
    this.bus.remove(exported);
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
    const report = await lease.giveBack(distrust);
    this.#noting(report.address, () => {
      this.#record.drop(report.address);
    });
    this.#listener.returned(report);
  }
}
