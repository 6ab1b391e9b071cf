/** A claim and a release as steps: what each does to the host's drivers, in its order. */
import type { Step } from '../change/index.js';
import type { Binding } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { claimData, type ClaimData, type ClaimRecord } from './claim-record.js';

/** Names the only driver that may bind, where none shall: no driver has this name. */
export const NO_DRIVER = 'openslot';

/** The journal of claims has `after` from now on: none where absent. */
export interface RecordClaim extends Step {
  readonly kind: 'record_claim';
  readonly before?: ClaimData;
  readonly after?: ClaimData;
}

/** `driver_override`: any driver may bind where it is absent. */
export interface SetOverride extends Step {
  readonly kind: 'set_override';
  readonly before?: string;
  readonly after?: string;
}

export interface Unbind extends Step {
  readonly kind: 'unbind';
  readonly driver: string;
  /** Under which the driver was bound, and is bound again. */
  readonly override?: string;
}

export interface Bind extends Step {
  readonly kind: 'bind';
  readonly driver: string;
}

export interface RouteInterrupt extends Step {
  readonly kind: 'route_interrupt';
}

/** What becomes of one function: the steps, and its record while it is a member. */
export interface PoolChange {
  readonly record: ClaimRecord;
  readonly steps: readonly Step[];
}

/** Taken from its driver. `former` is the record of an earlier claim that another tool has undone in part. */
export function claimSteps(
  record: ClaimRecord,
  { driver, override }: Binding,
  former: ClaimRecord | undefined,
): readonly Step[] {
  const { address, holder } = record;
  const only = holder ?? NO_DRIVER;
  return [
    recordClaim(address, former, record),
    // From the unbind on, no other driver may take the function in between.
    ...setOverride(address, override, only),
    ...unbind(address, driver, override),
    ...(holder === undefined
      ? [{ kind: 'route_interrupt', subject: String(address) } satisfies RouteInterrupt]
      : // A bound holder is protection enough, and other tools can give the function back without knowing of this.
        [bind(address, holder), ...setOverride(address, only, override)]),
  ];
}

/** Held already (by `xl pci-assignable-add`, or at boot): it joins the pool as it stands. */
export function adoptionSteps(record: ClaimRecord): readonly Step[] {
  return [recordClaim(record.address, undefined, record)];
}

/** It stays with its holder, and is no member any more. */
export function forgettingSteps(record: ClaimRecord): readonly Step[] {
  return [recordClaim(record.address, record, undefined)];
}

/** Given back to a driver, or to none. `kept` is what the journal has of it. */
export function releaseSteps(
  { address, formerOverride }: ClaimRecord,
  formerDriver: string | undefined,
  { driver, override }: Binding,
  kept: ClaimRecord | undefined,
): readonly Step[] {
  return [
    ...unbind(address, driver, override),
    ...setOverride(address, override, formerOverride),
    ...(formerDriver === undefined ? [] : [bind(address, formerDriver)]),
    ...(kept === undefined ? [] : [recordClaim(address, kept, undefined)]),
  ];
}

function recordClaim(
  address: PciAddress,
  before: ClaimRecord | undefined,
  after: ClaimRecord | undefined,
): RecordClaim {
  return {
    kind: 'record_claim',
    subject: String(address),
    ...(before === undefined ? {} : { before: claimData(before) }),
    ...(after === undefined ? {} : { after: claimData(after) }),
  };
}

function setOverride(
  address: PciAddress,
  before: string | undefined,
  after: string | undefined,
): readonly SetOverride[] {
  if (before === after) return [];
  return [
    {
      kind: 'set_override',
      subject: String(address),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

function unbind(
  address: PciAddress,
  driver: string | undefined,
  override: string | undefined,
): readonly Unbind[] {
  if (driver === undefined) return [];
  const under = override === undefined ? {} : { override };
  return [{ kind: 'unbind', subject: String(address), driver, ...under }];
}

function bind(address: PciAddress, driver: string): Bind {
  return { kind: 'bind', subject: String(address), driver };
}
