/** What is to be known before functions are taken from the host: what it does with them, and who stands beside them. */
import {
  BESIDE_VFIO,
  type FunctionSummary,
  type HostUse,
  type HostUseKind,
  type Machine,
} from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { ClaimPurpose } from '../claim-purpose.js';
import type { Misnaming } from '../names/index.js';
import { isCriticalName, USE_NAMES, type Finding, type Severity } from './finding.js';

/** What taking is judged by. */
export interface TakingView {
  readonly machine: Pick<Machine, 'list' | 'hostUses'>;
  /** For whom; undefined where nobody said it. */
  readonly purpose?: ClaimPurpose | undefined;
  /** What names were given to other devices than those that stand at their addresses, by address. */
  readonly misnamed?: ReadonlyMap<number, Misnaming> | undefined;
}

/**
 * Findings of functions that are taken from the host together, as things are now: for claim, for an attachment that
 * seizes, and for what hides them at the next boot. Nothing is changed. A function that is not there has none.
 */
export function examineClaim(functions: readonly PciAddress[], view: TakingView): readonly Finding[] {
  const summaries = view.machine.list();
  return functions.flatMap((address) => {
    const own = summaries.find((each) => each.address.equals(address));
    if (own === undefined) return [];
    return [
      ...useFindings(address, view.machine.hostUses?.(address) ?? []),
      ...(view.purpose === 'vfio' ? groupInUse(own, summaries, functions) : []),
      ...misnamedFinding(address, view.misnamed?.get(address.sbdf)),
    ];
  });
}

/** One finding for each kind of use, in the order in which they are told. */
const KINDS = Object.keys(USE_NAMES) as readonly HostUseKind[];

function useFindings(address: PciAddress, uses: readonly HostUse[]): readonly Finding[] {
  return KINDS.flatMap((kind) => {
    const found = uses.filter((use) => use.kind === kind);
    if (found.length === 0) return [];
    // The one place where a kind meets its name: USE_NAMES has a row for each.
    return [{ name: USE_NAMES[kind], address, severity: severityOf(found), uses: found } as Finding];
  });
}

function severityOf(uses: readonly HostUse[]): Severity {
  const severities = uses.map((use): Severity => {
    if (isCriticalName(USE_NAMES[use.kind])) return 'critical';
    if (use.kind === 'unseen') return 'note';
    return use.kind === 'reserved-region' && use.relaxable ? 'note' : 'unsafe';
  });
  return severities.find((severity) => severity !== 'note') ?? 'note';
}

function groupInUse(
  { address, iommuGroup }: FunctionSummary,
  all: readonly FunctionSummary[],
  together: readonly PciAddress[],
): readonly Finding[] {
  if (iommuGroup === undefined) return [];
  const others = all.flatMap((other) => {
    const { driver } = other;
    if (other.iommuGroup !== iommuGroup || driver === undefined || BESIDE_VFIO.has(driver)) return [];
    if (together.some((one) => one.equals(other.address))) return [];
    return [{ address: other.address, classCode: other.classCode, taker: { kind: 'host' as const, driver } }];
  });
  if (others.length === 0) return [];
  return [{ name: 'group-in-use', address, severity: 'note', group: iommuGroup, others }];
}

function misnamedFinding(address: PciAddress, misnamed: Misnaming | undefined): readonly Finding[] {
  return misnamed === undefined ? [] : [{ name: 'not-as-named', address, severity: 'unsafe', ...misnamed }];
}
