/** What makes it unsafe to give a function to a guest, as data; an administrator allows each kind by its name. */
import type { PciAddress } from '../../pci/index.js';
import type { DomainId } from '../../xen/domain.js';

export const FINDING_NAMES = [
  'shared-interrupt',
  'shared-page',
  'shared-group',
  'split-device',
  'no-reset',
  'no-iommu',
] as const;

/** Stable: what `--allow` takes, and what findings are told by. */
export type FindingName = (typeof FINDING_NAMES)[number];

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

export interface PageSharer extends Sharer {
  /** Address of the first page that both have. */
  readonly page: bigint;
  /** Index of the function's own region there, and of the other's. */
  readonly region: number;
  readonly otherRegion: number;
}

/**
 * `unsafe`: refused unless allowed. `note`: harmless now, because nobody uses the other function; it is unsafe from the
 * day on that somebody does.
 */
export type Severity = 'unsafe' | 'note';

interface About {
  /** The function that is given away. */
  readonly address: PciAddress;
  readonly severity: Severity;
}

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
  );
