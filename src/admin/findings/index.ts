/**
 * What is to be known before a function is taken from the host (what it does with it) and before it is given away: what
 * it shares and with whom, and what it lacks. Checks are pure
 * functions from what was observed to a finding, with evidence and what can be done.
 */
export { NOTHING_ALLOWED, parseAllowance, refused, type Permission } from './allowance.js';
export { CHECKS, type Check, type Observed } from './checks.js';
export {
  ALLOWABLE_NAMES,
  AttachUnsafeError,
  ClaimUnsafeError,
  FindingCriticalError,
  FindingUnknownError,
} from './errors.js';
export { Examiner, examinerOf, type Destination, type ExaminerOptions } from './examiner.js';
export {
  FINDING_NAMES,
  isTakingName,
  SEVERITIES,
  TAKING_NAMES,
  type Finding,
  type FindingName,
  type PageSharer,
  type Severity,
  type SharingName,
  type Sharer,
  type Taker,
} from './finding.js';
export { ExportGuard, type ExportGuardOptions } from './export-guard.js';
export { describeFinding, type FindingData } from './finding-text.js';
export type { TakersOptions } from './takers.js';
export { examineClaim, type TakingView } from './taking-checks.js';
