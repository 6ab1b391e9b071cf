/** The compliance suite: what every machine's functions must do, as cases that any test runner can run. */
export { observeCapabilities, type Observed } from './capabilities.js';
export { COMPLIANCE_CASES } from './cases.js';
export { ComplianceFailure } from './checks.js';
export { eduSubject } from './edu-subject.js';
export { applicability, ComplianceMatrix, type Outcome } from './matrix.js';
export { PLATFORM_CASES, type PlatformCase, type PlatformSubject } from './platform-cases.js';
export { uartSubject } from './uart-subject.js';
export type {
  ComplianceCase,
  ComplianceSubject,
  DmaStimulus,
  InterruptStimulus,
  PortStorage,
  Stimuli,
} from './subject.js';
