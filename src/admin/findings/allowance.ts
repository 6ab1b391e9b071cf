/** What an administrator has allowed by name. */
import { FindingUnknownError } from './errors.js';
import { isFindingName, type FindingName } from './finding.js';
import type { FindingData } from './finding-text.js';

/** Names with commas between them, as the command line has them. @throws {FindingUnknownError} */
export function parseAllowance(texts: readonly string[]): readonly FindingName[] {
  const names = new Set<FindingName>();
  for (const word of texts.flatMap((text) => text.split(','))) {
    const name = word.trim();
    if (!isFindingName(name)) throw new FindingUnknownError(name);
    names.add(name);
  }
  return [...names];
}

/** Findings that forbid to give a function away. */
export function refused(
  findings: readonly FindingData[],
  allowed: readonly FindingName[],
): readonly FindingData[] {
  return findings.filter(({ code, severity }) => severity === 'unsafe' && !allowed.includes(code));
}
