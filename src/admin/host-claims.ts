/** Claim and release on a host: the pool's step, and on Xen the quarantine and what the tool stack must know. */
import type { HostDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { FunctionTakenError, type Pool } from '../pool/index.js';
import { XenCallError } from '../xen/native/index.js';
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
    const holder = this.#xen !== undefined && this.#drivers.has(XEN_HOLDER) ? XEN_HOLDER : undefined;
    const record = await this.#pool.claim(address, holder);
    try {
      if (record.formerDriver !== undefined) await this.#libxl?.rememberDriver(address, record.formerDriver);
      this.#xen?.assignment.quarantine(address);
    } catch (cause) {
      await this.#libxl?.forget(address);
      await this.#pool.release(address);
      throw cause;
    }
    const { formerDriver } = record;
    return { address, holder: record.holder, formerDriver, quarantined: this.#xen !== undefined };
  }

  /** Back to the driver it had: ours to know, or libxl's where `xl` claimed it. */
  async release(address: PciAddress): Promise<ClaimReport> {
    const guest = await this.#libxl?.guest(address);
    if (guest !== undefined) throw new FunctionTakenError(address, `guest ${guest}`);
    const remembered = await this.#libxl?.formerDriver(address);
    if (!this.#pool.has(address) && this.#drivers.binding(address).driver === XEN_HOLDER)
      this.#pool.adopt(address);
    this.#pool.checkFree(address);
    try {
      this.#xen?.assignment.unquarantine(address);
    } catch (cause) {
      // Not in quarantine: claimed before Xen knew of it, or by hand.
      if (!(cause instanceof XenCallError && ['ENODEV', 'ESRCH', 'EINVAL'].includes(cause.errno)))
        throw cause;
    }
    const record = await this.#pool.release(address, remembered);
    await this.#libxl?.forget(address);
    return { address, holder: record.holder, formerDriver: record.formerDriver, quarantined: false };
  }
}
