/** The table "stages of one config read", from the file that serve writes when OPENSLOT_STAGES names it. */
import { existsSync, readFileSync } from 'node:fs';

interface Stage {
  readonly stage: string;
  readonly count: number;
  readonly medianMicroseconds: number;
}

/** Prints nothing when serve wrote no such file. */
export function printStages(path: string): void {
  if (!existsSync(path)) return;
  const stages = JSON.parse(readFileSync(path, 'utf8')) as readonly Stage[];
  console.log('\nstages of one config read, microseconds on dom0’s clock');
  for (const { stage, count, medianMicroseconds } of stages)
    console.log(`  ${stage.padEnd(28)} median ${medianMicroseconds.toFixed(1).padStart(8)}   of ${count}`);
}
