/** Compares what two servers made of the same steps. */
import type { Replay } from './replay.js';
import { describeStep, type Step } from './step.js';

/** How many differences are told in full. */
const TOLD = 5;

export interface Comparison {
  /** Steps after which any connection had heard something else. */
  readonly differ: number;
  /** The first of them, with what was asked and what each server said. */
  readonly told: readonly string[];
  /** `5000 requests, 5012 replies, 3456 events compared, 0 differ`. */
  readonly summary: string;
}

export function compare(steps: readonly Step[], theirs: Replay, ours: Replay): Comparison {
  const told: string[] = [];
  let differ = 0;
  for (const [index, step] of steps.entries()) {
    const [one, other] = [theirs.outcomes[index], ours.outcomes[index]];
    const [said, answered] = [JSON.stringify(one?.connections), JSON.stringify(other?.connections)];
    if (said === answered) continue;
    differ++;
    if (told.length < TOLD)
      told.push(`step ${index}: ${describeStep(step)}\n  theirs ${said}\n  ours   ${answered}`);
  }
  const requests = steps.filter(({ kind }) => kind === 'request').length;
  const summary = `${requests} requests, ${theirs.replies} replies, ${theirs.events} events compared, ${differ} differ`;
  return { differ, told, summary };
}
