/** A hide list carried out when an owner starts, as a kernel does at boot: what can be claimed is, the rest is told. */
import { patternMatches, patternText, type HideList } from '../boot/index.js';
import type { Machine } from '../function/index.js';
import { errorData, reasonOf, type PciAddress } from '../pci/index.js';
import type { Pool } from '../pool/index.js';
import type { Permission } from './findings/index.js';
import type { ClaimReport, HostClaims } from './host-claims.js';

/** What became of one function, or of an element that names none. `element` is its text in the list. */
export type HideOutcome = { readonly element: string } & (
  | { readonly outcome: 'claimed'; readonly report: ClaimReport }
  | { readonly outcome: 'in the pool before'; readonly address: PciAddress }
  | { readonly outcome: 'absent'; readonly names: string }
  | { readonly outcome: 'refused'; readonly address: PciAddress; readonly error: unknown }
);

/** Where the functions are and who claims them. */
export interface HidingHost {
  readonly machine: Machine;
  readonly pool: Pool;
  readonly claims: HostClaims;
  /** What the host's own uses do not keep from being hidden; absent: nothing. */
  readonly permission?: Permission;
}

/**
 * Claims what a sound list names, in its order. Nothing that is absent, a bridge, a guest's or a driver's to refuse
 * keeps the rest from being claimed.
 */
export async function claimHidden(
  list: HideList,
  host: HidingHost,
  onOutcome: (outcome: HideOutcome) => void,
): Promise<void> {
  const done = new Set<number>();
  const present = host.machine.list().map(({ address }) => address);
  for (const { text: element, pattern } of list.elements) {
    if (pattern === undefined) continue;
    const named = present.filter((address) => patternMatches(pattern, address));
    if (named.length === 0) onOutcome({ element, outcome: 'absent', names: patternText(pattern) });
    for (const address of named) {
      if (done.has(address.sbdf)) continue;
      done.add(address.sbdf);
      onOutcome(await claimOne(element, address, host));
    }
  }
}

async function claimOne(
  element: string,
  address: PciAddress,
  { pool, claims, permission }: HidingHost,
): Promise<HideOutcome> {
  // Whatever its state: a guest that outlived the owner before may have it again.
  if (pool.has(address)) return { element, outcome: 'in the pool before', address };
  try {
    return { element, outcome: 'claimed', report: await claims.claim(address, undefined, permission) };
  } catch (error) {
    return { element, outcome: 'refused', address, error };
  }
}

/** One line for a person. */
export function describeHideOutcome(outcome: HideOutcome): string {
  switch (outcome.outcome) {
    case 'claimed': {
      const { address, formerDriver, holder } = outcome.report;
      const from = formerDriver === undefined ? 'it had no driver' : `from ${formerDriver}`;
      return `hidden: ${address}, ${from}, ${holder === undefined ? 'kept without a driver' : `held by ${holder}`}`;
    }
    case 'in the pool before':
      return `hidden: ${outcome.address}, in the pool already`;
    case 'absent':
      return `not hidden: ${outcome.names} is not there`;
    case 'refused':
      return `not hidden: ${reasonOf(outcome.error)}`;
  }
}

/** The same as data. */
export function hideOutcomeData(outcome: HideOutcome): object {
  const data = { event: 'hide', element: outcome.element, outcome: outcome.outcome };
  switch (outcome.outcome) {
    case 'claimed':
      return { ...data, ...outcome.report };
    case 'in the pool before':
      return { ...data, address: outcome.address };
    case 'absent':
      return { ...data, names: outcome.names };
    case 'refused':
      return { ...data, address: outcome.address, error: errorData(outcome.error) };
  }
}
