/** The compliance suite as tests of Node's runner: one for each case that a subject can run, all kept in a matrix. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  applicability,
  COMPLIANCE_CASES,
  observeCapabilities,
  type ComplianceMatrix,
  type ComplianceSubject,
} from '../../src/function/compliance/index.js';
import type { Machine } from '../../src/function/index.js';

/** Runs the cases on one function; `changing` allows those that change it for a moment. */
export function complianceSuite(
  matrix: ComplianceMatrix,
  column: string,
  subject: ComplianceSubject,
  changing: boolean,
): void {
  describe(`compliance: ${column} ${subject.address}`, () => {
    for (const complianceCase of COMPLIANCE_CASES) {
      const run = async () => {
        await matrix.run(column, complianceCase, subject, changing);
      };
      // What does not apply is kept in the matrix all the same, without a test of its own.
      if (applicability(complianceCase, subject, changing) === 'runs') test(complianceCase.name, run);
      else void run();
    }
  });
}

/** Compares what a machine declares with what its functions show. */
export function capabilityTest(
  machine: Machine,
  subjects: readonly ComplianceSubject[],
  changing: boolean,
): void {
  test(`capabilities: ${machine.name} declares what can be observed`, async (context) => {
    const observed = await observeCapabilities(machine, subjects, changing);
    for (const [capability, seen] of Object.entries(observed)) {
      const declared = machine.capabilities[capability as keyof typeof observed];
      assert.equal(seen, declared, capability);
    }
    context.diagnostic(`observed: ${Object.keys(observed).join(', ')}`);
  });
}
