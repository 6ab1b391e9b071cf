/** The matrix machine × case: which case runs on which machine, and why it does not on the others. */
import { ComplianceFailure } from './checks.js';
import { COMPLIANCE_CASES } from './cases.js';
import type { ComplianceCase, ComplianceSubject } from './subject.js';

/**
 * `undeclared`: the machine does not declare a capability that the case needs. `inapplicable`: the function that stood
 * for the machine has not what the case wants, or must not be changed.
 */
export type Outcome = 'passed' | 'failed' | 'undeclared' | 'inapplicable';

/** Where several subjects stand for a machine, the one further left is shown. */
const PRECEDENCE: readonly Outcome[] = ['failed', 'passed', 'undeclared', 'inapplicable'];
const SYMBOLS: Readonly<Record<Outcome, string>> = {
  passed: '✓',
  failed: '✗',
  undeclared: '–',
  inapplicable: 'n/a',
};

/** Whether a case can run on a subject; `changing` allows those that change the function for a moment. */
export function applicability(
  { needs, wants, changes }: ComplianceCase,
  subject: ComplianceSubject,
  changing: boolean,
): 'runs' | 'undeclared' | 'inapplicable' {
  if (needs.some((need) => !subject.machine.capabilities[need])) return 'undeclared';
  if (changes && !changing) return 'inapplicable';
  return wants.some((want) => subject[want] === undefined) ? 'inapplicable' : 'runs';
}

/** Keeps what came of each case on each machine, for a table of both. */
export class ComplianceMatrix {
  /** Outcomes by machine, then by case. */
  readonly #columns = new Map<string, Map<string, Outcome>>();

  /**
   * Runs one case for a machine's column and keeps the outcome.
   * @throws what the case met, once it is kept.
   */
  async run(
    column: string,
    complianceCase: ComplianceCase,
    subject: ComplianceSubject,
    changing: boolean,
  ): Promise<Outcome> {
    const applies = applicability(complianceCase, subject, changing);
    if (applies !== 'runs') return this.#keep(column, complianceCase, applies);
    try {
      await complianceCase.run(subject);
    } catch (cause) {
      this.#keep(column, complianceCase, 'failed');
      if (cause instanceof ComplianceFailure) throw cause;
      throw new ComplianceFailure(`${complianceCase.name}: ${String(cause)}`, { cause });
    }
    return this.#keep(column, complianceCase, 'passed');
  }

  /** An outcome of a case that was run elsewhere, such as in a guest. */
  record(column: string, name: string, outcome: Outcome): void {
    const known = COMPLIANCE_CASES.find((one) => one.name === name);
    if (known === undefined) throw new RangeError(`there is no case ${name}`);
    this.#keep(column, known, outcome);
  }

  outcome(column: string, name: string): Outcome | undefined {
    return this.#columns.get(column)?.get(name);
  }

  /** Cases of a column with an outcome. */
  cases(column: string, outcome: Outcome): readonly string[] {
    return [...(this.#columns.get(column) ?? [])]
      .filter(([, kept]) => kept === outcome)
      .map(([name]) => name);
  }

  /** A line for each case, a column for each machine. */
  toString(): string {
    const columns = [...this.#columns.keys()];
    const widest = Math.max(...COMPLIANCE_CASES.map(({ name }) => name.length));
    const line = (name: string, cells: readonly string[]) =>
      [name.padEnd(widest), ...cells.map((cell, index) => cell.padEnd(columns[index]?.length ?? 0))]
        .join('  ')
        .trimEnd();
    return [
      line('case', columns),
      ...COMPLIANCE_CASES.map(({ name }) =>
        line(
          name,
          columns.map((column) => SYMBOLS[this.outcome(column, name) ?? 'inapplicable']),
        ),
      ),
    ].join('\n');
  }

  #keep(column: string, { name }: ComplianceCase, outcome: Outcome): Outcome {
    const kept = this.#columns.get(column) ?? new Map<string, Outcome>();
    this.#columns.set(column, kept);
    const before = kept.get(name);
    if (before === undefined || PRECEDENCE.indexOf(outcome) < PRECEDENCE.indexOf(before))
      kept.set(name, outcome);
    return outcome;
  }
}
