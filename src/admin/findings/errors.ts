/** Refusals because of findings. */
import { OpenslotError, remedyLine } from '../../pci/index.js';
import type { DomainId } from '../../xen/domain.js';
import { permissionOptions } from './allowance.js';
import { CRITICAL_NAMES, FINDING_NAMES, isCriticalName, TAKING_NAMES, type CriticalName } from './finding.js';
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
    super(
      `it is not safe to give ${wanted} to guest ${to}:${linesOf(findings)}`,
      { guest: id, ...evidenceOf(findings) },
      `where that is acceptable: openslot attach ${to} ${wanted} ${permissionOptions(findings)}`,
    );
  }
}

/** What would be taken from the host is in use there, or not safe to take. All that was found is told at once. */
export class ClaimUnsafeError extends OpenslotError {
  readonly code = 'CLAIM_UNSAFE';
  /** `command` is what was typed, without options that allow anything; `findings` are those that nobody allowed. */
  constructor(command: string, findings: readonly FindingData[]) {
    const functions = [...new Set(findings.map(({ address }) => address))];
    super(
      `it is not safe to take ${functions.join(', ')} from the host:${linesOf(findings)}`,
      { functions, ...evidenceOf(findings) },
      `where that is acceptable: ${command} ${permissionOptions(findings)}`,
    );
  }
}

function linesOf(findings: readonly FindingData[]): string {
  return findings
    .map(({ code, message, why, next }) => `\n  ${code}: ${message}; ${why}${remedyLine(next)}`)
    .join('');
}

function evidenceOf(findings: readonly FindingData[]) {
  return {
    findings: [...new Set(findings.map(({ code }) => code))],
    found: findings.map(({ code, message }) => `${code}: ${message}`),
    next: findings.map(({ code, next }) => `${code}: ${next}`),
  };
}

/** What `--allow` takes. */
export const ALLOWABLE_NAMES = FINDING_NAMES.filter((name) => !isCriticalName(name));

/** The same for a command that only takes functions from the host. */
export const TAKING_ALLOWABLE = TAKING_NAMES.filter((name) => !isCriticalName(name));

/** `--allow` names nothing that can be found. */
export class FindingUnknownError extends OpenslotError {
  readonly code = 'FINDING_UNKNOWN';
  constructor(text: string) {
    super(
      `"${text}" is no finding that can be allowed; there are ${ALLOWABLE_NAMES.join(', ')}`,
      { text, findings: ALLOWABLE_NAMES },
      'what there is of a function: openslot show ADDRESS',
    );
  }
}

/** What a host lives from is not given up by the kind of what was found. */
export class FindingCriticalError extends OpenslotError {
  readonly code = 'FINDING_CRITICAL';
  constructor(name: CriticalName) {
    super(
      `${name} is not allowed by its name: the host would lose what it lives from`,
      { name, critical: CRITICAL_NAMES },
      'name the function once more, when it is really meant: --even-if-critical ADDRESS',
    );
  }
}
