/** The cases of the compliance suite. Each opens what it needs, checks, and puts back what it changed. */
import { configCases } from './config-cases.js';
import { dmaCases } from './dma-cases.js';
import { interruptCases } from './interrupt-cases.js';
import { machineCases } from './machine-cases.js';
import { regionCases } from './region-cases.js';
import { resetCases } from './reset-cases.js';
import type { ComplianceCase } from './subject.js';

/**
 * What every machine must do. Run each of them, or those whose `needs` and `wants` are met, on a {@link
 * ComplianceSubject} of the machine that you have written.
 */
export const COMPLIANCE_CASES: readonly ComplianceCase[] = [
  ...machineCases,
  ...configCases,
  ...regionCases,
  ...interruptCases,
  ...dmaCases,
  ...resetCases,
];
