/** The checks: each a pure function from what was observed of one function to what is found, or nothing. */
import type { Neighbours, Survey, SurveyedFunction } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { Finding, Severity, Sharer, Taker } from './finding.js';

/** What a check looks at. */
export interface Observed {
  readonly neighbours: Neighbours;
  /** Who says what the IOMMU groups are. */
  readonly groups: Survey['groups'];
  /** Whether an IOMMU stands between the function and memory; undefined where nobody can tell. */
  readonly translated: boolean | undefined;
  readonly takerOf: (address: PciAddress) => Taker;
  /** True for a function that goes to the same guest, or that it has. */
  readonly isTogether: (address: PciAddress) => boolean;
}

export type Check = (observed: Observed) => Finding | undefined;

const sharedInterrupt: Check = (observed) => {
  const { own, line } = observed.neighbours;
  // A bridge's port raises interrupts only for its driver.
  const others = sharers(observed, line).filter(({ other, taker }) => !isIdleBridge(other, taker));
  if (others.length === 0) return undefined;
  return {
    name: 'shared-interrupt',
    ...about(own, others),
    line: own.line,
    others: others.map(({ sharer }) => sharer),
  };
};

const sharedPage: Check = (observed) => {
  const { own, pages } = observed.neighbours;
  const found = sharers(
    observed,
    pages.map(({ other }) => other),
  );
  if (found.length === 0) return undefined;
  const others = pages.flatMap(({ other, ...place }) => {
    const sharing = found.find((one) => one.other === other);
    return sharing === undefined ? [] : [{ ...sharing.sharer, ...place }];
  });
  return { name: 'shared-page', ...about(own, found), others };
};

/** Without an IOMMU there are no groups: all reach everything. */
const sharedGroup: Check = (observed) => {
  const { own, group } = observed.neighbours;
  if (observed.translated === false || own.group === undefined) return undefined;
  const others = sharers(observed, group);
  if (others.length === 0) return undefined;
  return {
    name: 'shared-group',
    ...about(own, others),
    group: own.group,
    known: observed.groups,
    others: others.map(({ sharer }) => sharer),
  };
};

/** Those that share the group are told of there. */
const splitDevice: Check = (observed) => {
  const { own, group, device } = observed.neighbours;
  const apart = observed.translated === false ? device : device.filter((other) => !group.includes(other));
  const others = sharers(observed, apart);
  if (others.length === 0) return undefined;
  return { name: 'split-device', ...about(own, others), others: others.map(({ sharer }) => sharer) };
};

const noReset: Check = ({ neighbours: { own } }) =>
  own.resetMethods.length === 0
    ? { name: 'no-reset', address: own.summary.address, severity: 'unsafe' }
    : undefined;

const noIommu: Check = ({ neighbours: { own }, translated }) =>
  translated === false ? { name: 'no-iommu', address: own.summary.address, severity: 'unsafe' } : undefined;

/** In the order in which findings are told. */
export const CHECKS: readonly Check[] = [
  sharedInterrupt,
  sharedPage,
  sharedGroup,
  splitDevice,
  noReset,
  noIommu,
];

interface Sharing {
  readonly other: SurveyedFunction;
  readonly taker: Taker;
  readonly sharer: Sharer;
}

/** Each of the functions once, but for those that go to the same guest: what one guest has it may share with itself. */
function sharers(
  { takerOf, isTogether }: Observed,
  functions: readonly SurveyedFunction[],
): readonly Sharing[] {
  return [...new Set(functions)]
    .filter(({ summary }) => !isTogether(summary.address))
    .map((other) => {
      const { address, classCode } = other.summary;
      const taker = takerOf(address);
      return { other, taker, sharer: { address, classCode, taker } };
    });
}

function about(
  { summary }: SurveyedFunction,
  others: readonly Sharing[],
): { readonly address: PciAddress; readonly severity: Severity } {
  const used = others.some(({ taker }) => taker.kind === 'host' || taker.kind === 'taken');
  return { address: summary.address, severity: used ? 'unsafe' : 'note' };
}

function isIdleBridge({ summary }: SurveyedFunction, taker: Taker): boolean {
  return summary.headerType === 1 && taker.kind === 'host' && taker.driver === undefined;
}
