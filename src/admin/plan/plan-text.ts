/** A plan in words, a line for each finding and each step. */
import type { FindingData } from '../findings/index.js';
import type { PlanData } from './plan.js';

/** Columns of steps, beyond which their undo is not aligned any more. */
const LONGEST = 64;

/** What {@link planLines} prints of a plan: as it is, or as an owner has sent it. */
export interface PrintedPlan extends Pick<PlanData, 'what' | 'steps'> {
  readonly findings: readonly Pick<FindingData, 'code' | 'severity' | 'message' | 'why' | 'next'>[];
}

/** As `--dry-run` prints it, without line ends. */
export function planLines({ what, findings, steps }: PrintedPlan): readonly string[] {
  const width = String(steps.length).length;
  const longest = Math.min(LONGEST, Math.max(0, ...steps.map(({ what: step }) => step.length)));
  return [
    `plan  ${what}`,
    ...findings.flatMap(({ code, severity, message, why, next }) => [
      `${severity}  ${code}: ${message}; ${why}`,
      ...(next === '' ? [] : [`      ${next}`]),
    ]),
    ...(steps.length === 0 ? ['  nothing has to be done'] : []),
    ...steps.map(({ what: step, undo }, index) => {
      const number = String(index + 1).padStart(width);
      return `  ${number}. ${undo === undefined ? step : `${step.padEnd(longest)}   undo: ${undo}`}`;
    }),
  ];
}
