/** Claim and release on a host: the pool's step, and on Xen the quarantine and what the tool stack must know. */
import { PROGRAM_HOLDERS, type HostDrivers, type Machine } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { XEN_HOLDER } from '../pciback/index.js';
import { FunctionTakenError, type ClaimRecord, type Pool } from '../pool/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { holderFor, othersOfGroup, type ClaimPurpose, type GroupMember } from './claim-purpose.js';
import {
  ClaimUnsafeError,
  describeFinding,
  examineClaim,
  NOTHING_ALLOWED,
  refused,
  type Permission,
} from './findings/index.js';
import { LibxlMemory } from './libxl-memory.js';
import { Turns } from './turns.js';

export { XEN_HOLDER };

export interface ClaimReport {
  readonly address: PciAddress;
  readonly holder: string | undefined;
  readonly formerDriver: string | undefined;
  /** True when the IOMMU keeps the function's DMA away from everything. */
  readonly quarantined: boolean;
  /** Claimed for VFIO: functions that must be claimed as well, since the IOMMU cannot tell them from this one. */
  readonly others?: readonly GroupMember[];
}

const PROGRAMS: ReadonlySet<string | undefined> = new Set(Object.values(PROGRAM_HOLDERS));

export class HostClaims {
  readonly #pool: Pool;
  readonly #machine: Machine & { readonly drivers: HostDrivers };
  readonly #xen: XenPlatform | undefined;
  readonly #libxl: LibxlMemory | undefined;
  /** By function: what libxl remembers of one must be of its last change. */
  readonly #turns = new Turns<number>();

  /** `xen` is absent where no hypervisor runs: functions are then only kept from the host's drivers. */
  constructor(
    pool: Pool,
    machine: Machine & { readonly drivers: HostDrivers },
    xen: XenPlatform | undefined,
  ) {
    this.#pool = pool;
    this.#machine = machine;
    this.#xen = xen;
    this.#libxl = xen === undefined ? undefined : new LibxlMemory(xen.store);
  }

  /** All or nothing: a step that fails takes the ones before it back. @throws {ClaimPurposeError | ClaimUnsafeError} */
  claim(
    address: PciAddress,
    purpose?: ClaimPurpose,
    permission: Permission = NOTHING_ALLOWED,
  ): Promise<ClaimReport> {
    return this.#turns.take(address.sbdf, async () => {
      await this.#checkNotGiven(address);
      const machine = this.#machine;
      this.#pool.checkClaimable(address);
      const found = examineClaim([address], { machine, purpose }).map(describeFinding);
      const left = refused(found, permission);
      if (left.length > 0) throw new ClaimUnsafeError(`openslot claim ${address}`, left);
      const onXen = this.#xen !== undefined;
      const holder = holderFor(purpose, address, { machine, drivers: machine.drivers, onXen });
      // A program's function is none of Xen's: no guest can have it.
      const settle = PROGRAMS.has(holder) ? undefined : (record: ClaimRecord) => this.#hold(record);
      const { formerDriver } = await this.#pool.claim(address, holder, settle);
      const quarantined = onXen && settle !== undefined;
      const others = purpose === 'vfio' ? othersOfGroup(machine, address) : [];
      return { address, holder, formerDriver, quarantined, ...(others.length > 0 ? { others } : {}) };
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
      if (!PROGRAMS.has(this.#pool.holderOf(address))) this.#xen?.assignment.unquarantine(address);
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
