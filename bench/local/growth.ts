/** What is open and held after a tenth of much work, and after all of it. */
import type { Growth, Holdings } from './growth-program.js';
import { runProgram } from './program.js';

const OPERATIONS = 100_000;
const ATTACHES = 200;

export async function measureGrowth(): Promise<void> {
  const { counts, early, late } = await runProgram<Growth>('growth-program', [
    String(OPERATIONS),
    String(ATTACHES),
  ]);
  const done = Object.entries(counts).map(([kind, count]) => `${count} × ${kind}`);
  console.log(`  what there is after a tenth and after all of ${done.join(', ')}`);
  for (const [name, before] of Object.entries(early) as [keyof Holdings, number][]) {
    const after = late[name];
    console.log(`    ${name.padEnd(12)}${row(before)}${row(after)}   difference ${after - before}`);
  }
}

const row = (value: number): string => String(value).padStart(12);
