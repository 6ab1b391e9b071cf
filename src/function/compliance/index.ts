/** The compliance suite: what every machine's functions must do, as cases that any test runner can run. */
export { COMPLIANCE_CASES, ComplianceFailure, type ComplianceCase, type ComplianceSubject } from './cases.js';
