/** Claim and release on a host: the pool's steps, and on Xen the quarantine and what the tool stack must know. */
import type { Change, Recovery, Step } from '../change/index.js';
import { PROGRAM_HOLDERS, type MachineWithDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { XEN_HOLDER } from '../pciback/index.js';
import { FunctionTakenError, type Pool, type PoolChange } from '../pool/index.js';
import type { XenPlatform } from '../xen/platform.js';
import { Adoption } from './adoption.js';
import { holderFor, othersOfGroup, type ClaimPurpose, type GroupMember } from './claim-purpose.js';
import { FunctionNamedTwiceError } from './errors.js';
import {
  ClaimUnsafeError,
  describeFinding,
  examineClaim,
  NOTHING_ALLOWED,
  refused,
  type FindingData,
  type Permission,
} from './findings/index.js';
import { LibxlMemory } from './libxl-memory.js';
import type { MisnamedAt } from './names/index.js';
import { planOf, type PlanData, type UnfinishedPlan } from './plan/index.js';
import { Turns } from './turns.js';
import { noteDriver, quarantine, xenPerformers } from './xen-steps.js';

export { XEN_HOLDER };

/** What has become of one function that was claimed or released. */
export interface ClaimReport {
  readonly address: PciAddress;
  readonly holder: string | undefined;
  readonly formerDriver: string | undefined;
  /** True when the IOMMU keeps the function's DMA away from everything. */
  readonly quarantined: boolean;
  /** Released though it is not there any more: only its record went. */
  readonly gone?: true;
  /** Claimed for VFIO: functions that must be claimed as well, since the IOMMU cannot tell them from this one. */
  readonly others?: readonly GroupMember[];
}

/** What claims or releases functions, before it is done: nothing has been changed for it. */
export interface PlannedClaims extends Change {
  /** What the host does with the functions, and what else speaks against it. */
  readonly findings: readonly FindingData[];
  /** What there is to tell of each function when it is done, in the order in which they were named. */
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

/** `openslot claim` and `release`: functions go from their drivers into the pool and back, several as one change. */
export class HostClaims {
  /** What other tools have taken from the host. */
  readonly adoption: Adoption;
  readonly #pool: Pool;
  readonly #machine: MachineWithDrivers;
  readonly #xen: XenPlatform | undefined;
  readonly #libxl: LibxlMemory | undefined;
  readonly #misnamed: MisnamedAt | undefined;
  /** By function: what libxl remembers of one must be of its last change. */
  readonly #turns = new Turns<number>();

  /**
   * `xen` is absent where no hypervisor runs: functions are then only kept from the host's drivers. `misnamed` is absent
   * where no names are kept.
   */
  constructor(pool: Pool, machine: MachineWithDrivers, xen: XenPlatform | undefined, misnamed?: MisnamedAt) {
    this.#misnamed = misnamed;
    this.#pool = pool;
    this.#machine = machine;
    this.#xen = xen;
    this.adoption = new Adoption({ pool, machine, store: xen?.store });
    if (xen === undefined) return;
    this.#libxl = new LibxlMemory(xen.store);
    pool.changes.learn(xenPerformers(xen, this.#libxl));
  }

  /** One function by itself, as {@link claimAll}. */
  async claim(
    address: PciAddress,
    purpose?: ClaimPurpose,
    permission: Permission = NOTHING_ALLOWED,
  ): Promise<ClaimReport> {
    return only(await this.claimAll([address], purpose, permission));
  }

  /**
   * Several functions as one change, all or nothing: a step that fails takes the ones before it back.
   * @throws {ClaimPurposeError | ClaimUnsafeError | FunctionNamedTwiceError}
   */
  claimAll(
    addresses: readonly PciAddress[],
    purpose?: ClaimPurpose,
    permission: Permission = NOTHING_ALLOWED,
  ): Promise<readonly ClaimReport[]> {
    return this.#inTurn(addresses, async () => {
      const plan = await this.planClaims(addresses, purpose);
      const left = refused(plan.findings, permission);
      if (left.length > 0) throw new ClaimUnsafeError(`openslot ${plan.what}`, left);
      return this.make(plan);
    });
  }

  /** One function by itself, as {@link releaseAll}. */
  async release(address: PciAddress): Promise<ClaimReport> {
    return only(await this.releaseAll([address]));
  }

  /**
   * Several functions as one change, each back to the driver it had: ours to know, or libxl's where `xl` claimed it.
   * @throws {FunctionNamedTwiceError} and why one of them cannot be released.
   */
  releaseAll(addresses: readonly PciAddress[]): Promise<readonly ClaimReport[]> {
    return this.#inTurn(addresses, async () => this.make(await this.planReleases(addresses)));
  }

  /** Looks, and changes nothing. @throws what the claim would be refused for whatever is allowed. */
  async planClaims(addresses: readonly PciAddress[], purpose?: ClaimPurpose): Promise<PlannedClaims> {
    checkOnce(addresses);
    const planned: Planned[] = [];
    for (const address of addresses) planned.push(await this.#planClaim(address, purpose, addresses));
    const what = purpose === undefined ? 'claim' : `claim --for ${purpose}`;
    return together(what, planned, await this.examine(addresses, purpose));
  }

  /** What speaks against taking functions from the host, whether they are claimed already or not. */
  async examine(addresses: readonly PciAddress[], purpose?: ClaimPurpose): Promise<readonly FindingData[]> {
    const misnamed = await this.#misnamed?.(addresses);
    return examineClaim(addresses, { machine: this.#machine, purpose, misnamed }).map(describeFinding);
  }

  /** The same of a release. */
  async planReleases(addresses: readonly PciAddress[]): Promise<PlannedClaims> {
    checkOnce(addresses);
    const planned: Planned[] = [];
    for (const address of addresses) planned.push(await this.#planRelease(address));
    return together('release', planned, []);
  }

  /** Does what was planned, at once after the plan. @throws what a step met; everything is as before then. */
  async make({ what, members, steps, reports }: PlannedClaims): Promise<readonly ClaimReport[]> {
    await this.#pool.change(what, members, steps);
    return reports;
  }

  /** A plan in words. */
  describe(plan: Change & { readonly findings?: readonly FindingData[] }): PlanData {
    return planOf(this.#pool.changes, plan, plan.findings ?? []);
  }

  /** What a killed process, or a failed undo, has left. */
  unfinished(): readonly UnfinishedPlan[] {
    return this.#pool.changes
      .unfinished()
      .map(({ steps, ...change }) => ({ ...change, steps: this.#pool.changes.describe(steps) }));
  }

  /** Takes that back, or goes on with it. Safe to repeat, and to be stopped. */
  recover(way: 'back' | 'forth'): Promise<readonly Recovery[]> {
    return this.#pool.recover(way);
  }

  async #planClaim(
    address: PciAddress,
    purpose: ClaimPurpose | undefined,
    together: readonly PciAddress[],
  ): Promise<Planned> {
    await this.#checkNotGiven(address);
    const machine = this.#machine;
    const onXen = this.#xen !== undefined;
    const holder = holderFor(purpose, address, { machine, drivers: machine.drivers, onXen });
    const member = this.#pool.planClaim(address, holder);
    const { formerDriver } = member.record;
    // A program's function is none of Xen's: no guest can have it.
    const quarantined = onXen && !PROGRAMS.has(holder);
    const others = purpose === 'vfio' ? othersOfGroup(machine, address, together) : [];
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
    const isGone = !this.#pool.isThere(address);
    const leaves = this.#xen !== undefined && !PROGRAMS.has(holder) && !isGone;
    return {
      report: { address, holder, formerDriver, quarantined: false, ...(isGone ? { gone: true } : {}) },
      member,
      steps: [
        ...(leaves ? [quarantine(address, false)] : []),
        ...member.steps,
        ...noteDriver(address, remembered, undefined),
      ],
    };
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

function together(
  what: string,
  planned: readonly Planned[],
  findings: readonly FindingData[],
): PlannedClaims {
  return {
    what: [what, ...planned.map(({ report }) => String(report.address))].join(' '),
    findings,
    steps: planned.flatMap(({ steps }) => steps),
    reports: planned.map(({ report }) => report),
    members: planned.map(({ member }) => member),
  };
}

/** Of one function that was named there is one report. */
function only(reports: readonly ClaimReport[]): ClaimReport {
  const [report] = reports;
  if (report === undefined) throw new RangeError('a change of no function');
  return report;
}

/** @throws {FunctionNamedTwiceError} */
function checkOnce(addresses: readonly PciAddress[]): void {
  const seen = new Set<number>();
  for (const address of addresses) {
    if (seen.has(address.sbdf)) throw new FunctionNamedTwiceError(address);
    seen.add(address.sbdf);
  }
}
