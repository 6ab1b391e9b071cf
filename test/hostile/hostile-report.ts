/** What a hostile run says of itself, and running one in a process of its own. */
import { fileURLToPath } from 'node:url';
import { runWith, type PlantedFault } from '../planted/fault.js';
import type { Cause } from './allowed-writes.js';
import type { Holdings } from './holdings.js';
import type { KindCount } from './kind-counts.js';

export interface HostileReport {
  readonly seed: number;
  readonly kinds: Readonly<Record<string, KindCount>>;
  /** Operations that the back end answered or refused. */
  readonly serviced: number;
  /** Of everything that each honest guest has seen. */
  readonly digests: readonly string[];
  /** By function of an honest guest: digest of every write that reached it, in their order. */
  readonly honestWrites: Readonly<Record<string, string>>;
  readonly hardwareWrites: Readonly<Record<Cause, number>>;
  /** What must not have happened. */
  readonly findings: readonly string[];
  /** After a tenth of the operations, and after all of them. */
  readonly early: Holdings;
  readonly late: Holdings;
}

const PROGRAM = fileURLToPath(new URL('hostile-program.js', import.meta.url));
const LONGEST_MS = 115_000;

/** @throws {Error} it ended without a report; what it said is the message. */
export async function hostileRun(
  seed: number,
  operations: number,
  fault?: PlantedFault,
): Promise<HostileReport> {
  const args = ['--expose-gc', PROGRAM, String(seed), String(operations)];
  const { code, output, errors } = await runWith(fault, args, LONGEST_MS);
  if (code !== 0)
    throw new Error(`the run with seed ${seed} ended with ${code ?? 'a signal'}:\n${output}${errors}`);
  return JSON.parse(output) as HostileReport;
}
