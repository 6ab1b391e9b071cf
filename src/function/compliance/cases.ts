/** The cases of the compliance suite. Each opens what it needs, checks, and puts back what it changed. */
import { configCases } from './config-cases.js';
import { dmaCases } from './dma-cases.js';
import { interruptCases } from './interrupt-cases.js';
import { machineCases } from './machine-cases.js';
import { regionCases } from './region-cases.js';
import { resetCases } from './reset-cases.js';
import type { ComplianceCase } from './subject.js';

export const COMPLIANCE_CASES: readonly ComplianceCase[] = [
  ...machineCases,
  ...configCases,
  ...regionCases,
  ...interruptCases,
  ...dmaCases,
  ...resetCases,
];
