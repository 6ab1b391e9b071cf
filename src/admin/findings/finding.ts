/** What makes it unsafe to take a function from the host or to give it away, as data; an administrator allows each kind by its name. */
import type { HostUse, HostUseKind } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { Misnaming } from '../names/index.js';
import type { DomainId } from '../../xen/domain.js';

/** What a function shares with others, or lacks, when a guest is to have it. */
const SHARING_NAMES = [
  'shared-interrupt',
  'shared-page',
  'shared-group',
  'split-device',
  'no-reset',
  'no-iommu',
] as const;

/** Of what is found before a function is given to a guest. */
export type SharingName = (typeof SHARING_NAMES)[number];

/** What the host would lose with a function: allowed only by naming the function again. */
export const CRITICAL_NAMES = ['mounted', 'swap', 'default-route', 'session', 'console'] as const;

/** What is to be known before a function is taken from the host. */
export const TAKING_NAMES = [
  ...CRITICAL_NAMES,
  'assembled',
  'network',
  'open',
  'driver-busy',
  'reserved-region',
  'group-in-use',
  'not-as-named',
  'uses-unseen',
] as const;

export type TakingName = (typeof TAKING_NAMES)[number];

/** Of what is found before a function is taken from the host. */
export function isTakingName(name: FindingName): name is TakingName {
  return TAKING_NAMES.some((taking) => taking === name);
}

/** Those that `--allow` takes, and the critical ones, for which a function must be named again. */
export const FINDING_NAMES = [...SHARING_NAMES, ...TAKING_NAMES] as const;

/** Stable: what `--allow` takes, and what findings are told by. */
export type FindingName = (typeof FINDING_NAMES)[number];

export type CriticalName = (typeof CRITICAL_NAMES)[number];

export function isCriticalName(name: FindingName): name is CriticalName {
  return CRITICAL_NAMES.some((critical) => critical === name);
}

export function isFindingName(text: string): text is FindingName {
  return FINDING_NAMES.some((name) => name === text);
}

/** Who has a function now. */
export type Taker =
  /** No driver, and nobody claimed it. */
  | { readonly kind: 'nobody' }
  /** Claimed, and free. */
  | { readonly kind: 'pool' }
  /** The host: by a driver, or as a part of itself, such as a bridge. */
  | { readonly kind: 'host'; readonly driver: string | undefined }
  /** `guest`: which one, where it is a guest. */
  | { readonly kind: 'taken'; readonly by: string; readonly guest: DomainId | undefined };

/** Another function that has something in common with the one that is looked at. */
export interface Sharer {
  readonly address: PciAddress;
  /** 24 bits. */
  readonly classCode: number;
  readonly taker: Taker;
}

/** A page of 4096 bytes is the least that a guest can be given. */
export interface PageSharer extends Sharer {
  /** Address of the first page that both have. */
  readonly page: bigint;
  /** Index of the function's own region there, and of the other's. */
  readonly region: number;
  readonly otherRegion: number;
}

/**
 * `critical`: the host would lose its disk, its way out, its console or the session of whoever types: refused unless
 * the function is named again. `unsafe`: refused unless allowed. `note`: harmless now, because nobody uses the other function; it is unsafe from the
 * day on that somebody does.
 */
export type Severity = 'critical' | 'unsafe' | 'note';

/** The worst first. */
export const SEVERITIES = ['critical', 'unsafe', 'note'] as const satisfies readonly Severity[];

interface About {
  /** The function that is given away. */
  readonly address: PciAddress;
  readonly severity: Severity;
}

/** What was found of one function, with its evidence. */
export type Finding = About &
  (
    | {
        readonly name: 'shared-interrupt';
        /** Undefined where the host does not tell the number: the pins are wired together. */
        readonly line: number | undefined;
        readonly others: readonly Sharer[];
      }
    | { readonly name: 'shared-page'; readonly others: readonly PageSharer[] }
    | {
        readonly name: 'shared-group';
        readonly group: number;
        /** The machine's own word, or derived from bridges and access control. */
        readonly known: 'told' | 'derived';
        readonly others: readonly Sharer[];
      }
    /** Of one device, though an IOMMU tells them apart. */
    | { readonly name: 'split-device'; readonly others: readonly Sharer[] }
    | { readonly name: 'no-reset' }
    | { readonly name: 'no-iommu' }
    | UseFinding
    /** For VFIO: while drivers of the host have the others, it gives none of the group. */
    | { readonly name: 'group-in-use'; readonly group: number; readonly others: readonly Sharer[] }
    | ({ readonly name: 'not-as-named' } & Misnaming)
  );

/** What the host does with a function, all uses of one kind. */
export type UseFinding = {
  readonly [Kind in HostUseKind]: {
    readonly name: (typeof USE_NAMES)[Kind];
    readonly uses: readonly UseOf<Kind>[];
  };
}[HostUseKind];

export type UseOf<Kind extends HostUseKind> = Extract<HostUse, { readonly kind: Kind }>;

/** What a use of each kind is found as. */
export const USE_NAMES = {
  mount: 'mounted',
  swap: 'swap',
  'default-route': 'default-route',
  session: 'session',
  console: 'console',
  assembled: 'assembled',
  network: 'network',
  open: 'open',
  'virtual-functions': 'driver-busy',
  'reserved-region': 'reserved-region',
  unseen: 'uses-unseen',
} as const satisfies Readonly<Record<HostUseKind, FindingName>>;
