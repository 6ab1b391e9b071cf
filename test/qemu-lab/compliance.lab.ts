/** The compliance suite on QEMU's models. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { COMPLIANCE_CASES, ComplianceMatrix } from '../../src/function/compliance/index.js';
import { capabilityTest, complianceSuite } from '../function/compliance-suite.js';
import { startQemu } from '../machines/qemu/qemu.js';
import { EVERYTHING, qemuSubjects } from '../machines/qemu/subjects.js';

const matrix = new ComplianceMatrix();
const machine = await startQemu(EVERYTHING);
after(() => {
  machine[Symbol.dispose]();
});
const subjects = qemuSubjects(machine);
for (const subject of subjects) complianceSuite(matrix, 'qemu', subject, true);
capabilityTest(machine, subjects, true);

describe('the matrix', () => {
  test('every case whose capability is declared was passed by a function', (context) => {
    for (const line of matrix.toString().split('\n')) context.diagnostic(line);
    const declared = COMPLIANCE_CASES.filter(({ needs }) =>
      needs.every((need) => machine.capabilities[need]),
    );
    assert.deepEqual(matrix.cases('qemu', 'passed').toSorted(), declared.map(({ name }) => name).toSorted());
  });
});
