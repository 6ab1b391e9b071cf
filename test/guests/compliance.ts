/** A guest that runs the compliance suite on the functions of its bus, and reports the outcome of each case. */
import type { Guest } from 'openslot/guest';
import {
  COMPLIANCE_CASES,
  ComplianceMatrix,
  observeCapabilities,
  type Observed,
  type Outcome,
} from '../../src/function/compliance/index.js';
import type { MachineCapabilities } from '../../src/function/index.js';
import { simulatedSubjects } from '../function/stimuli.js';

export interface ComplianceReport {
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly failures: readonly string[];
  readonly declared: MachineCapabilities;
  readonly observed: Observed;
}

export default async function compliance({ arguments: [count], xpci, store }: Guest): Promise<void> {
  while (xpci.list().length < Number(count)) await new Promise((resolve) => setTimeout(resolve, 10));
  const matrix = new ComplianceMatrix();
  const subjects = simulatedSubjects(xpci);
  const failures: string[] = [];
  const outcomes: Record<string, Outcome> = {};
  for (const complianceCase of COMPLIANCE_CASES) {
    const { name } = complianceCase;
    for (const subject of subjects) {
      try {
        await matrix.run('xpci', complianceCase, subject, true);
      } catch (error) {
        failures.push(`${String(subject.address)} ${String(error)}`);
      }
    }
    outcomes[name] = matrix.outcome('xpci', name) ?? 'inapplicable';
  }
  const observed = await observeCapabilities(xpci, subjects, true);
  const report: ComplianceReport = { outcomes, failures, declared: xpci.capabilities, observed };
  console.log(JSON.stringify(report));
  await store.write('data/done', 'yes');
  await new Promise(() => undefined);
}
