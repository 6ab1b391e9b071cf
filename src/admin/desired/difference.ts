/** What is to be done so that a host is as it is wanted: found by comparing, without a look at anything. */
import { PROGRAM_HOLDERS } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { ClaimPurpose } from '../claim-purpose.js';
import { deviceIdsText, type DeviceIds } from '../policies/device-policies.js';
import { policiesConflict, twiceConflict, type Conflict } from './errors.js';
import type { WantedFunction } from './desired-state.js';

/** A function that is wanted, found on the host. */
export interface FoundFunction {
  readonly wanted: WantedFunction;
  /** Where it stands in the file. */
  readonly where: string;
  readonly address: PciAddress;
  /** The name that it has, if any. */
  readonly name: string | undefined;
  /** The policy that is wanted for its device, where one is. */
  readonly policy?: WantedPolicy;
  /** Host driver, where it has one. */
  readonly driver: string | undefined;
  /** Undefined where it is not in the pool. */
  readonly pool:
    | { readonly state: string; readonly holder?: string; readonly taker?: string; readonly why?: string }
    | undefined;
}

/** A policy's file, read and found to fit the function. */
export interface WantedPolicy {
  readonly file: string;
  readonly text: string;
  readonly device: DeviceIds;
  /** What is kept for the device is this already. */
  readonly isKept: boolean;
}

/** A guest that runs, or waits to be started. */
export interface PresentGuest {
  readonly id: number;
  readonly name: string;
}

export type Deed =
  | { readonly kind: 'name'; readonly found: FoundFunction; readonly name: string }
  | { readonly kind: 'policy'; readonly found: FoundFunction; readonly policy: WantedPolicy }
  | { readonly kind: 'claim'; readonly found: FoundFunction; readonly purpose: ClaimPurpose | undefined }
  | { readonly kind: 'release'; readonly found: FoundFunction }
  | { readonly kind: 'attach'; readonly found: FoundFunction; readonly guest: string };

/** Nothing is done while there are conflicts. */
export interface Difference {
  /** In the order in which they are done. */
  readonly deeds: readonly Deed[];
  /** What is wanted and has to wait: a guest that does not run. */
  readonly waiting: readonly { readonly found: FoundFunction; readonly why: string }[];
  readonly conflicts: readonly Conflict[];
}

/** `guests` is undefined where no owner serves guests. */
export function differenceOf(
  functions: readonly FoundFunction[],
  guests: readonly PresentGuest[] | undefined,
): Difference {
  const seen = new Set<number>();
  const policies = new Map<string, WantedPolicy>();
  const parts = functions.map((found): Difference => {
    if (seen.has(found.address.sbdf))
      return { ...NOTHING, conflicts: [twiceConflict(found.where, found.address)] };
    seen.add(found.address.sbdf);
    const { where, policy } = found;
    if (policy !== undefined) {
      const device = deviceIdsText(policy.device);
      const other = policies.get(device);
      if (other !== undefined && other.text !== policy.text)
        return { ...NOTHING, conflicts: [policiesConflict(where, device, other.file)] };
      policies.set(device, policy);
    }
    return differenceOfOne(found, guests);
  });
  const deeds = parts.flatMap((part) => part.deeds);
  return {
    deeds: ORDER.flatMap((kind) => deeds.filter((deed) => deed.kind === kind)),
    waiting: parts.flatMap((part) => part.waiting),
    conflicts: parts.flatMap((part) => part.conflicts),
  };
}

/** What is given back comes first: others may need the driver, or the group, that becomes free. */
const ORDER = ['name', 'policy', 'release', 'claim', 'attach'] as const;
const NOTHING: Difference = { deeds: [], waiting: [], conflicts: [] };

function differenceOfOne(found: FoundFunction, guests: readonly PresentGuest[] | undefined): Difference {
  const { wanted, where, address, pool } = found;
  const conflict = (why: string, next = ''): Difference => ({
    ...NOTHING,
    conflicts: [{ where, why, next }],
  });
  const deeds: Deed[] = [];
  if (wanted.name !== undefined && wanted.name !== found.name) {
    if (found.name !== undefined)
      return conflict(
        `${address} has the name ${found.name}, and is to be ${wanted.name}`,
        `openslot name --remove ${found.name}`,
      );
    deeds.push({ kind: 'name', found, name: wanted.name });
  }
  if (found.policy?.isKept === false) deeds.push({ kind: 'policy', found, policy: found.policy });
  const claim = wanted.claim ?? (wanted.guest === undefined ? undefined : 'pool');
  if (claim === undefined) return { ...NOTHING, deeds };
  if (pool?.state === 'quarantined' || pool?.state === 'changing')
    return conflict(
      `${address} is ${pool.state}${pool.why === undefined ? '' : `: ${pool.why}`}`,
      'openslot pool',
    );
  if (claim === 'none') {
    if (pool === undefined) return { ...NOTHING, deeds };
    if (pool.state === 'taken')
      return conflict(
        `${pool.taker ?? 'a guest'} has ${address}`,
        `take it back first: openslot detach ${pool.taker?.replace('guest ', '') ?? 'GUEST'} ${address}`,
      );
    return { ...NOTHING, deeds: [...deeds, { kind: 'release', found }] };
  }
  const purpose = claim === 'pool' ? undefined : claim;
  if (pool === undefined) deeds.push({ kind: 'claim', found, purpose });
  else if (!isHeldFor(purpose, pool.holder))
    return conflict(
      `${address} is kept by ${pool.holder ?? 'having no driver'}, and wanted for ${claim}`,
      `openslot release ${address}`,
    );
  const { guest } = wanted;
  if (guest === undefined) return { ...NOTHING, deeds };
  const present = guests?.find(({ name }) => name === guest);
  if (pool?.state === 'taken') {
    // Nothing is taken from a guest that works with it: that is for a person to do.
    if (present !== undefined && pool.taker === `guest ${present.id}`) return { ...NOTHING, deeds };
    return conflict(
      `${pool.taker ?? 'a guest'} has ${address}, which is wanted for ${guest}`,
      `take it back first: openslot detach ${pool.taker?.replace('guest ', '') ?? 'GUEST'} ${address}`,
    );
  }
  if (present !== undefined) return { ...NOTHING, deeds: [...deeds, { kind: 'attach', found, guest }] };
  const why =
    guests === undefined
      ? `no openslot serve runs that could give ${address} to ${guest}`
      : `${guest} does not run: ${address} is given to it by pci=[…] of its configuration, or by openslot apply once it does`;
  return { ...NOTHING, deeds, waiting: [{ found, why }] };
}

/** A function of Xen's is kept by its driver or by none. */
function isHeldFor(purpose: ClaimPurpose | undefined, holder: string | undefined): boolean {
  if (purpose === 'vfio' || purpose === 'uio') return holder === PROGRAM_HOLDERS[purpose];
  return holder !== PROGRAM_HOLDERS.vfio && holder !== PROGRAM_HOLDERS.uio;
}

/** Before and after, as a difference of texts is written. */
export function differenceLines(
  functions: readonly FoundFunction[],
  { deeds }: Difference,
): readonly string[] {
  return functions.flatMap((found) => {
    const own = deeds.filter((deed) => deed.found === found);
    if (own.length === 0) return [];
    const called = found.name ?? found.wanted.name;
    return [
      `${found.address}${called === undefined ? '' : `  ${called}`}`,
      ...own.flatMap((deed) => linesOf(deed)),
    ];
  });
}

function linesOf(deed: Deed): readonly string[] {
  const { found } = deed;
  switch (deed.kind) {
    case 'name':
      return ['-   no name', `+   name ${deed.name}`];
    case 'policy':
      return ['-   another policy, or none', `+   policy ${deed.policy.file}`];
    case 'claim':
      return [
        `-   ${found.driver === undefined ? 'the host’s, without a driver' : `the host’s, by ${found.driver}`}`,
        `+   in the pool${deed.purpose === undefined ? '' : `, for ${deed.purpose}`}`,
      ];
    case 'release':
      return [`-   in the pool`, '+   the host’s'];
    case 'attach': {
      const { slot } = found.wanted;
      return ['-   no guest', `+   guest ${deed.guest}${slot === undefined ? '' : `, slot ${slot}`}`];
    }
  }
}
