/** The table "stages of one operation", from the file that `serve --stages` writes at its end. */
import { existsSync, readFileSync } from 'node:fs';

interface Stages {
  readonly operations: number;
  /** Mean of each stage. */
  readonly nanoseconds: Readonly<Record<string, number>>;
}

/** Prints nothing when there is no such file: the kernel's back end has no stages. */
export function printStages(path: string): void {
  if (!existsSync(path)) return;
  const { operations, nanoseconds } = JSON.parse(readFileSync(path, 'utf8')) as Stages;
  console.log(`\nstages of one operation: mean microseconds of ${operations} on dom0’s clock`);
  for (const [stage, mean] of Object.entries(nanoseconds))
    console.log(`  ${stage.padEnd(12)}${(mean / 1000).toFixed(1).padStart(9)}`);
}
