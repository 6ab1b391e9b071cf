/**
 * What is to be known before a function is given away: what it shares and with whom, and what it lacks. Checks are pure
 * functions from what was observed to a finding, with evidence and what can be done.
 */
export { parseAllowance, refused } from './allowance.js';
export { CHECKS, type Check, type Observed } from './checks.js';
export { AttachUnsafeError, FindingUnknownError } from './errors.js';
export { Examiner, examinerOf, type Destination, type ExaminerOptions } from './examiner.js';
export {
  FINDING_NAMES,
  isFindingName,
  type Finding,
  type FindingName,
  type PageSharer,
  type Severity,
  type Sharer,
  type Taker,
} from './finding.js';
export { ExportGuard, type ExportGuardOptions } from './export-guard.js';
export { describeFinding, type FindingData } from './finding-text.js';
export type { TakersOptions } from './takers.js';
