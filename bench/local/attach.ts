/** From attach to the guest's driver, in a fresh process and in one that has done it before. */
import { median, printRows } from '../samples.js';
import type { AttachSamples } from './attach-program.js';
import { runProgram } from './program.js';

/** In each process; all but the first half are warm. */
const TIMES = 40;

export async function measureAttach(rounds: number): Promise<void> {
  const rows: Record<string, number[]> = {
    'attach, first': [],
    'attach, later': [],
    'pool, first': [],
    'pool, later': [],
  };
  for (let round = 0; round < rounds; round++) {
    const samples = await runProgram<AttachSamples>('attach-program', [String(TIMES)]);
    for (const name of ['attach', 'pool'] as const) {
      const taken = samples[name];
      rows[`${name}, first`]?.push(taken[0] ?? Number.NaN);
      rows[`${name}, later`]?.push(median(taken.slice(TIMES / 2)));
    }
  }
  console.log(
    `  milliseconds to the first register read, ${rounds} processes: by a running guest’s driver, and by a program`,
  );
  printRows(rows, 2, [
    ['attach, first', 'pool, first'],
    ['attach, later', 'pool, later'],
  ]);
}
