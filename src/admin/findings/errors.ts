/** Refusals because of findings. */
import { OpenslotError } from '../../pci/index.js';
import type { DomainId } from '../../xen/domain.js';
import { FINDING_NAMES } from './finding.js';
import type { FindingData } from './finding-text.js';

/** What would be given to a guest is not safe to give. All that was found is told at once. */
export class AttachUnsafeError extends OpenslotError {
  readonly code = 'ATTACH_UNSAFE';
  /** `wanted` is how the administrator named the functions; `findings` are those that nobody allowed. */
  constructor(
    guest: { readonly id: DomainId; readonly name?: string } | { readonly name: string },
    wanted: string,
    findings: readonly FindingData[],
  ) {
    const id = 'id' in guest ? guest.id : guest.name;
    const to = guest.name ?? String(id);
    const names = [...new Set(findings.map(({ code }) => code))];
    const lines = findings.map(
      ({ code, message, why, next }) => `\n  ${code}: ${message}; ${why}\n      ${next}`,
    );
    super(
      `it is not safe to give ${wanted} to guest ${to}:${lines.join('')}`,
      {
        guest: id,
        findings: names,
        found: findings.map(({ code, message }) => `${code}: ${message}`),
        next: findings.map(({ code, next }) => `${code}: ${next}`),
      },
      `openslot attach ${to} ${wanted} --allow ${names.join(',')}, when that is acceptable here`,
    );
  }
}

/** `--allow` names nothing that can be found. */
export class FindingUnknownError extends OpenslotError {
  readonly code = 'FINDING_UNKNOWN';
  constructor(text: string) {
    super(
      `"${text}" is no finding that can be allowed; there are ${FINDING_NAMES.join(', ')}`,
      { text, findings: FINDING_NAMES },
      'openslot show ADDRESS lists what there is of a function',
    );
  }
}
