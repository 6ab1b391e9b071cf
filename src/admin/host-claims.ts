/** Claim and release on a host: the pool's step, and on Xen the quarantine and what the tool stack must know. */
import type { HostDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { XEN_HOLDER } from '../pciback/index.js';
import { FunctionTakenError, type ClaimRecord, type Pool } from '../pool/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { LibxlMemory } from './libxl-memory.js';
import { Turns } from './turns.js';

export { XEN_HOLDER };

export interface ClaimReport {
  readonly address: PciAddress;
  readonly holder: string | undefined;
  readonly formerDriver: string | undefined;
  /** True when the IOMMU keeps the function's DMA away from everything. */
  readonly quarantined: boolean;
}

export class HostClaims {
  readonly #pool: Pool;
  readonly #drivers: HostDrivers;
  readonly #xen: XenPlatform | undefined;
  readonly #libxl: LibxlMemory | undefined;
  /** By function: what libxl remembers of one must be of its last change. */
  readonly #turns = new Turns<number>();

  /** `xen` is absent where no hypervisor runs: functions are then only kept from the host's drivers. */
  constructor(pool: Pool, drivers: HostDrivers, xen: XenPlatform | undefined) {
    this.#pool = pool;
    this.#drivers = drivers;
    this.#xen = xen;
    this.#libxl = xen === undefined ? undefined : new LibxlMemory(xen.store);
  }

  /** All or nothing: a step that fails takes the ones before it back. */
  claim(address: PciAddress): Promise<ClaimReport> {
    return this.#turns.take(address.sbdf, async () => {
      await this.#checkNotGiven(address);
      const holder = this.#xen !== undefined && this.#drivers.has(XEN_HOLDER) ? XEN_HOLDER : undefined;
      const { formerDriver } = await this.#pool.claim(address, holder, (record) => this.#hold(record));
      return { address, holder, formerDriver, quarantined: this.#xen !== undefined };
    });
  }

  async #hold({ address, formerDriver }: ClaimRecord): Promise<void> {
    if (formerDriver !== undefined) await this.#libxl?.rememberDriver(address, formerDriver);
    try {
      this.#xen?.assignment.quarantine(address);
    } catch (cause) {
      if (formerDriver !== undefined) await this.#libxl?.forget(address);
      throw cause;
    }
  }

  /** Back to the driver it had: ours to know, or libxl's where `xl` claimed it. */
  release(address: PciAddress): Promise<ClaimReport> {
    return this.#turns.take(address.sbdf, async () => {
      await this.#checkNotGiven(address);
      const remembered = await this.#libxl?.formerDriver(address);
      this.#pool.adoptHeld(address, XEN_HOLDER);
      this.#pool.checkFree(address);
      this.#xen?.assignment.unquarantine(address);
      const record = await this.#pool.release(address, remembered);
      await this.#libxl?.forget(address);
      return { address, holder: record.holder, formerDriver: record.formerDriver, quarantined: false };
    });
  }

  /** libxl's record of who has the function holds also for guests that another back end serves. */
  async #checkNotGiven(address: PciAddress): Promise<void> {
    const guest = await this.#libxl?.guest(address);
    if (guest !== undefined) throw new FunctionTakenError(address, `guest ${guest}`);
  }
}
