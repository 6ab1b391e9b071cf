/** The functions in one guest's hands: exported from the pool onto its virtual bus, and taken back. */
import type { ConfigSpace } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { Lease, Pool, ReturnReport } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import type { XenPlatform } from '../xen/platform.js';
import { ExportedFunction, type RefusedWrite } from './exported-function.js';
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

/** Told of what happens to the guest's functions. */
export interface GuestExportsListener {
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

  constructor(guest: DomainId, context: GuestExportsContext, listener: GuestExportsListener) {
    this.#guest = guest;
    this.#context = context;
    this.#listener = listener;
  }

  list(): readonly { readonly exported: ExportedFunction; readonly virtual: PciAddress }[] {
    return [...this.bus.occupants()].map(({ address, occupant }) => ({
      exported: occupant,
      virtual: address,
    }));
  }

  has(address: PciAddress): boolean {
    return this.list().some(({ exported }) => exported.physical.equals(address));
  }

  /** @returns its address in the guest. @throws what the pool or the bus refuses; nothing is taken then. */
  async add(address: PciAddress, wantedSlot: number | undefined): Promise<PciAddress> {
    const { pool, holder, platform, policy, wrap } = this.#context;
    // `xl pci-assignable-add` may have claimed it after we started.
    pool.adoptHeld(address, holder);
    // A guest that is started again at once finds its function still on the way back from its former self.
    await pool.returned(address);
    const virtual = this.bus.placeFor(address, wantedSlot);
    const lease = pool.take(address, `guest ${this.#guest}`);
    let exported: ExportedFunction;
    try {
      exported = new ExportedFunction(
        lease,
        wrap(lease.function.config),
        platform,
        this.#guest,
        policy,
        (write) => {
          this.#listener.writeRefused(address, write);
        },
      );
    } catch (cause) {
      await this.#giveBack(lease);
      throw cause;
    }
    this.bus.put(virtual, exported);
    return virtual;
  }

  async takeBack(exported: ExportedFunction): Promise<void> {
    // Off the bus first: the guest must not reach a function that is on its way back.
    this.bus.remove(exported);
    await this.#giveBack(exported.lease);
  }

  async takeBackAll(): Promise<void> {
    const all = this.list();
    for (const { exported } of all) this.bus.remove(exported);
    for (const { exported } of all) await this.#giveBack(exported.lease);
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

  async #giveBack(lease: Lease): Promise<void> {
    this.#listener.returned(await lease.giveBack());
  }
}
