/** The table "stages of one configuration read", from the file that `serve --stages` writes at its end. */
import { existsSync, readFileSync } from 'node:fs';

interface Stages {
  readonly operations: number;
  /** Mean of each stage. */
  readonly nanoseconds: Readonly<Record<string, number>>;
}

/**
 * `wholeMicroseconds` is what a read takes in the guest: what the stages inside the back end leave of it is the way
 * there and back, both wake-ups included. Prints nothing without the file: the kernel's back end has no stages.
 */
export function printStages(path: string, wholeMicroseconds: number): void {
  if (!existsSync(path)) return;
  const { operations, nanoseconds } = JSON.parse(readFileSync(path, 'utf8')) as Stages;
  const stages = Object.entries(nanoseconds).map(([stage, mean]) => [stage, mean / 1000] as const);
  const inside = stages.reduce((sum, [, mean]) => sum + mean, 0);
  console.log(`\nstages of one configuration read: mean microseconds of ${operations} reads on dom0’s clock`);
  for (const [stage, mean] of [['wake-up (the rest)', wholeMicroseconds - inside] as const, ...stages])
    console.log(`  ${stage.padEnd(20)}${mean.toFixed(1).padStart(9)}`);
  console.log(`  ${'whole, in the guest'.padEnd(20)}${wholeMicroseconds.toFixed(1).padStart(9)}`);
}
