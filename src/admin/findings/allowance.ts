/** What an administrator has allowed: kinds of findings by name, and what is critical by naming the function again. */
import type { PciAddress } from '../../pci/index.js';
import { FindingCriticalError, FindingUnknownError } from './errors.js';
import { isCriticalName, isFindingName, type FindingName } from './finding.js';
import type { FindingData } from './finding-text.js';

/** What is allowed of what would be refused. */
export interface Permission {
  readonly allowed: readonly FindingName[];
  /** Functions that are taken though the host would lose what it lives from. */
  readonly evenIfCritical: readonly PciAddress[];
}

/** Every finding refuses. */
export const NOTHING_ALLOWED: Permission = { allowed: [], evenIfCritical: [] };

/** Names with commas between them, as the command line has them. @throws {FindingUnknownError | FindingCriticalError} */
export function parseAllowance(texts: readonly string[]): readonly FindingName[] {
  const names = new Set<FindingName>();
  for (const word of texts.flatMap((text) => text.split(','))) {
    const name = word.trim();
    if (!isFindingName(name)) throw new FindingUnknownError(name);
    if (isCriticalName(name)) throw new FindingCriticalError(name);
    names.add(name);
  }
  return [...names];
}

/** Findings that forbid to take a function or to give it away. */
export function refused(
  findings: readonly FindingData[],
  { allowed, evenIfCritical }: Permission,
): readonly FindingData[] {
  return findings.filter(({ code, severity, address }) => {
    switch (severity) {
      case 'critical':
        return !evenIfCritical.some((named) => String(named) === address);
      case 'unsafe':
        return !allowed.includes(code);
      case 'note':
        return false;
    }
  });
}

/** The options that allow what was refused. */
export function permissionOptions(findings: readonly FindingData[]): string {
  const names = findings.flatMap(({ severity, code }) => (severity === 'unsafe' ? [code] : []));
  const critical = findings.flatMap(({ severity, address }) => (severity === 'critical' ? [address] : []));
  const allow = names.length === 0 ? [] : [`--allow ${[...new Set(names)].join(',')}`];
  return [...allow, ...[...new Set(critical)].map((address) => `--even-if-critical ${address}`)].join(' ');
}
