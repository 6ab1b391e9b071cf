/** Claim and release on a host: the pool's step, and on Xen the quarantine and what the tool stack must know. */
import type { HostDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { FunctionTakenError, type Pool } from '../pool/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { LibxlMemory } from './libxl-memory.js';

/** Driver that keeps functions for Xen guests; libxl looks for it in sysfs. */
export const XEN_HOLDER = 'pciback';

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

  /** `xen` is absent where no hypervisor runs: functions are then only kept from the host's drivers. */
  constructor(pool: Pool, drivers: HostDrivers, xen: XenPlatform | undefined) {
    this.#pool = pool;
    this.#drivers = drivers;
    this.#xen = xen;
    this.#libxl = xen === undefined ? undefined : new LibxlMemory(xen.store);
  }

  /** All or nothing: a step that fails takes the ones before it back. */
  async claim(address: PciAddress): Promise<ClaimReport> {
    await this.#checkNotGiven(address);
    const holder = this.#xen !== undefined && this.#drivers.has(XEN_HOLDER) ? XEN_HOLDER : undefined;
    const stood = holder !== undefined && this.#drivers.binding(address).driver === holder;
    const record = await this.#pool.claim(address, holder);
    try {
      if (record.formerDriver !== undefined) await this.#libxl?.rememberDriver(address, record.formerDriver);
      this.#xen?.assignment.quarantine(address);
    } catch (cause) {
      await this.#undo(address, stood);
      throw cause;
    }
    const { formerDriver } = record;
    return { address, holder: record.holder, formerDriver, quarantined: this.#xen !== undefined };
  }

  /** What stood with its holder before us stays there; what we took goes back to its driver. */
  async #undo(address: PciAddress, stood: boolean): Promise<void> {
    if (stood) {
      this.#pool.disown(address);
      return;
    }
    await this.#pool.release(address);
    await this.#libxl?.forget(address);
  }

  /** Back to the driver it had: ours to know, or libxl's where `xl` claimed it. */
  async release(address: PciAddress): Promise<ClaimReport> {
    await this.#checkNotGiven(address);
    const remembered = await this.#libxl?.formerDriver(address);
    this.#pool.adoptHeld(address, XEN_HOLDER);
    this.#pool.checkFree(address);
    this.#xen?.assignment.unquarantine(address);
    const record = await this.#pool.release(address, remembered);
    await this.#libxl?.forget(address);
    return { address, holder: record.holder, formerDriver: record.formerDriver, quarantined: false };
  }

  /** libxl's record of who has the function holds also for guests that another back end serves. */
  async #checkNotGiven(address: PciAddress): Promise<void> {
    const guest = await this.#libxl?.guest(address);
    if (guest !== undefined) throw new FunctionTakenError(address, `guest ${guest}`);
  }
}
