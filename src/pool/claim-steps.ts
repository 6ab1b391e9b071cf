/** A claim and a release as steps: what each does to the host's drivers, in its order. */
import { z } from 'zod';
import { stepShape, type Step } from '../change/index.js';
import type { Binding } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { CLAIM, type ClaimRecord } from './claim-record.js';
import { ADDRESS_TEXT } from './kept-address.js';

/** Names the only driver that may bind, where none shall: no driver has this name. */
export const NO_DRIVER = 'openslot';

const subject = ADDRESS_TEXT;
const driver = z.string();

/** The journal of claims has `after` from now on: none where absent. */
export const RECORD_CLAIM = stepShape('record_claim', {
  subject,
  before: CLAIM.exactOptional(),
  after: CLAIM.exactOptional(),
});

/** `driver_override`: any driver may bind where it is absent. */
export const SET_OVERRIDE = stepShape('set_override', {
  subject,
  before: driver.exactOptional(),
  after: driver.exactOptional(),
});

/** `override`: under which the driver was bound, and is bound again. */
export const UNBIND = stepShape('unbind', { subject, driver, override: driver.exactOptional() });

export const BIND = stepShape('bind', { subject, driver });

export const ROUTE_INTERRUPT = stepShape('route_interrupt', { subject });

export type RecordClaim = Readonly<z.output<typeof RECORD_CLAIM>>;
export type SetOverride = Readonly<z.output<typeof SET_OVERRIDE>>;
export type Unbind = Readonly<z.output<typeof UNBIND>>;
export type Bind = Readonly<z.output<typeof BIND>>;
export type RouteInterrupt = Readonly<z.output<typeof ROUTE_INTERRUPT>>;

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
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
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
