/** What one guest of many costs, beside an empty worker of the same many. */
import { printRows } from '../samples.js';
import type { CrowdCost } from './crowd-program.js';
import { runProgram } from './program.js';

const GUESTS = 32;
/** Each takes some seconds and all processors. */
const MOST_ROUNDS = 7;

const FIGURES: readonly (readonly [keyof CrowdCost, string, number])[] = [
  ['startSeconds', `seconds until ${GUESTS} run (guests: each driver has read its function)`, 2],
  ['rssMiB', 'MiB of resident memory for each', 2],
  ['ownerKiB', 'KiB of the owner’s heap for each, after a collection', 1],
  ['ownKiB', 'KiB of its own heap, after a collection', 0],
  ['processorPercent', 'percent of one processor for each, with a look at its device every 10 ms', 3],
];

export async function measureCrowd(wanted: number): Promise<void> {
  const rounds = Math.min(wanted, MOST_ROUNDS);
  const costs: Record<string, CrowdCost[]> = { guest: [], worker: [] };
  for (let round = 0; round < rounds; round++)
    for (const [name, taken] of Object.entries(costs))
      taken.push(await runProgram<CrowdCost>('crowd-program', [name, String(GUESTS)]));
  for (const [figure, title, digits] of FIGURES) {
    console.log(`  ${title}, ${rounds} processes of each by turns`);
    printRows(
      Object.fromEntries(Object.entries(costs).map(([name, all]) => [name, all.map((cost) => cost[figure])])),
      digits,
      [['guest', 'worker']],
    );
  }
}
