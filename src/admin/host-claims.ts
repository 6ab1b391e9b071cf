/** Claim and release on a host: the pool's steps, and on Xen the quarantine and what the tool stack must know. */
import type { Change, Recovery, Step } from '../change/index.js';
import { PROGRAM_HOLDERS, type HostDrivers, type Machine } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { XEN_HOLDER } from '../pciback/index.js';
import { FunctionTakenError, type Pool, type PoolChange } from '../pool/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { holderFor, othersOfGroup, type ClaimPurpose, type GroupMember } from './claim-purpose.js';
import { FunctionNamedTwiceError } from './errors.js';
import { LibxlMemory } from './libxl-memory.js';
import { Turns } from './turns.js';
import { noteDriver, quarantine, xenPerformers } from './xen-steps.js';

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

/** What claims or releases functions, before it is done: nothing has been changed for it. */
export interface PlannedClaims extends Change {
  /** What there is to tell of each function when it is done. */
  readonly reports: readonly ClaimReport[];
  /** The part of the pool. */
  readonly members: readonly PoolChange[];
}

const PROGRAMS: ReadonlySet<string | undefined> = new Set(Object.values(PROGRAM_HOLDERS));

/** One function's part of a plan. */
interface Planned {
  readonly report: ClaimReport;
  readonly member: PoolChange;
  readonly steps: readonly Step[];
}

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
    if (xen === undefined) return;
    this.#libxl = new LibxlMemory(xen.store);
    pool.changes.learn(xenPerformers(xen, this.#libxl));
  }

  /** All or nothing: a step that fails takes the ones before it back. @throws {ClaimPurposeError} */
  claim(address: PciAddress, purpose?: ClaimPurpose): Promise<ClaimReport> {
    return this.#one(address, () => this.#planClaim(address, purpose), 'claim');
  }

  /** Several functions as one change. @throws {FunctionNamedTwiceError} besides what a claim of one throws. */
  claimAll(addresses: readonly PciAddress[], purpose?: ClaimPurpose): Promise<readonly ClaimReport[]> {
    return this.#inTurn(addresses, async () => this.make(await this.planClaims(addresses, purpose)));
  }

  /** Back to the driver it had: ours to know, or libxl's where `xl` claimed it. */
  release(address: PciAddress): Promise<ClaimReport> {
    return this.#one(address, () => this.#planRelease(address), 'release');
  }

  /** Several functions as one change. @throws {FunctionNamedTwiceError} besides what a release of one throws. */
  releaseAll(addresses: readonly PciAddress[]): Promise<readonly ClaimReport[]> {
    return this.#inTurn(addresses, async () => this.make(await this.planReleases(addresses)));
  }

  /** Looks, and changes nothing. @throws what the claim would be refused for. */
  async planClaims(addresses: readonly PciAddress[], purpose?: ClaimPurpose): Promise<PlannedClaims> {
    checkOnce(addresses);
    const planned: Planned[] = [];
    for (const address of addresses) planned.push(await this.#planClaim(address, purpose));
    const plan = together('claim', planned);
    const claimed = new Set(addresses.map(({ sbdf }) => sbdf));
    // What is claimed with it need not be claimed any more.
    const reports = plan.reports.map(({ others: all = [], ...report }) => {
      const others = all.filter(({ address }) => !claimed.has(address.sbdf));
      return { ...report, ...(others.length > 0 ? { others } : {}) };
    });
    return { ...plan, reports };
  }

  /** The same of a release. */
  async planReleases(addresses: readonly PciAddress[]): Promise<PlannedClaims> {
    checkOnce(addresses);
    const planned: Planned[] = [];
    for (const address of addresses) planned.push(await this.#planRelease(address));
    return together('release', planned);
  }

  /** Does what was planned, at once after the plan. @throws what a step met; everything is as before then. */
  async make({ what, members, steps, reports }: PlannedClaims): Promise<readonly ClaimReport[]> {
    await this.#pool.change(what, members, steps);
    return reports;
  }

  /** What a killed process, or a failed undo, has left: taken back, or gone on with. */
  recover(way: 'back' | 'forth'): Promise<readonly Recovery[]> {
    return this.#pool.recover(way);
  }

  async #planClaim(address: PciAddress, purpose: ClaimPurpose | undefined): Promise<Planned> {
    await this.#checkNotGiven(address);
    const machine = this.#machine;
    const onXen = this.#xen !== undefined;
    const holder = holderFor(purpose, address, { machine, drivers: machine.drivers, onXen });
    const member = this.#pool.planClaim(address, holder);
    const { formerDriver } = member.record;
    // A program's function is none of Xen's: no guest can have it.
    const quarantined = onXen && !PROGRAMS.has(holder);
    const others = purpose === 'vfio' ? othersOfGroup(machine, address) : [];
    const noted = await this.#libxl?.formerDriver(address);
    const xenSteps = quarantined
      ? [...noteDriver(address, noted, formerDriver ?? noted), quarantine(address, true)]
      : [];
    return {
      report: { address, holder, formerDriver, quarantined, ...(others.length > 0 ? { others } : {}) },
      member,
      steps: [...member.steps, ...xenSteps],
    };
  }

  async #planRelease(address: PciAddress): Promise<Planned> {
    await this.#checkNotGiven(address);
    const remembered = await this.#libxl?.formerDriver(address);
    const member = this.#pool.planRelease(address, remembered, XEN_HOLDER);
    const { holder, formerDriver } = member.record;
    const leaves = this.#xen !== undefined && !PROGRAMS.has(holder);
    return {
      report: { address, holder, formerDriver, quarantined: false },
      member,
      steps: [
        ...(leaves ? [quarantine(address, false)] : []),
        ...member.steps,
        ...noteDriver(address, remembered, undefined),
      ],
    };
  }

  #one(address: PciAddress, plan: () => Promise<Planned>, what: string): Promise<ClaimReport> {
    return this.#turns.take(address.sbdf, async () => {
      const planned = await plan();
      await this.make(together(what, [planned]));
      return planned.report;
    });
  }

  #inTurn<Result>(addresses: readonly PciAddress[], change: () => Promise<Result>): Promise<Result> {
    return this.#turns.takeAll(
      addresses.map(({ sbdf }) => sbdf),
      change,
    );
  }

  /** libxl's record of who has the function holds also for guests that another back end serves. */
  async #checkNotGiven(address: PciAddress): Promise<void> {
    const guest = await this.#libxl?.guest(address);
    if (guest !== undefined) throw new FunctionTakenError(address, `guest ${guest}`);
  }
}

function together(what: string, planned: readonly Planned[]): PlannedClaims {
  return {
    what: [what, ...planned.map(({ report }) => String(report.address))].join(' '),
    steps: planned.flatMap(({ steps }) => steps),
    reports: planned.map(({ report }) => report),
    members: planned.map(({ member }) => member),
  };
}

/** @throws {FunctionNamedTwiceError} */
function checkOnce(addresses: readonly PciAddress[]): void {
  const seen = new Set<number>();
  for (const address of addresses) {
    if (seen.has(address.sbdf)) throw new FunctionNamedTwiceError(address);
    seen.add(address.sbdf);
  }
}
