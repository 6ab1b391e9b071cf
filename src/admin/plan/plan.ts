/** A plan as it is printed and sent: what was found, what would be done, and how it would be undone. */
import type { Change, Changes, DescribedStep, UnfinishedChange } from '../../change/index.js';
import type { FindingData } from '../findings/index.js';

/** As `--dry-run --json` prints it. */
export interface PlanData {
  /** In words: `claim 0000:0a:00.0`. */
  readonly what: string;
  readonly findings: readonly FindingData[];
  /** In order; undone in reverse. */
  readonly steps: readonly DescribedStep[];
}

/** Of a change that was planned and not made. */
export function planOf(
  changes: Changes,
  { what, steps }: Change,
  findings: readonly FindingData[],
): PlanData {
  return { what, findings, steps: changes.describe(steps) };
}

/** A change that nobody makes any more, in words. */
export interface UnfinishedPlan extends Omit<UnfinishedChange, 'steps'> {
  readonly steps: readonly DescribedStep[];
}
