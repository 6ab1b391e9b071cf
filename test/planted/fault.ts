/** A fault planted in the project's own code for one process: a text of a module, replaced as it is loaded. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface PlantedFault {
  /** A compiled module below `src`, without its ending: `pciback/operation-handler`. */
  readonly module: string;
  /** Text of the compiled module, which must stand there exactly once. */
  readonly text: string;
  /** What stands there instead. */
  readonly instead: string;
}

/** The variable in which a process is told of its fault. */
export const FAULT_VARIABLE = 'OPENSLOT_PLANTED_FAULT';

export function moduleUrl({ module }: PlantedFault): string {
  return new URL(`../../src/${module}.js`, import.meta.url).href;
}

export interface Ended {
  /** Undefined when it was ended by a signal. */
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs node with the fault, or without one, and ends it after so many milliseconds: a fault can make a program wait for
 * ever. @throws {AssertionError} the fault's text does not stand exactly once in its module.
 */
export async function runWith(
  fault: PlantedFault | undefined,
  args: readonly string[],
  milliseconds: number,
): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  // Whoever is run by the test runner speaks its language to it; this one speaks to us.
  delete env['NODE_TEST_CONTEXT'];
  const before: string[] = [];
  if (fault !== undefined) {
    const text = readFileSync(fileURLToPath(moduleUrl(fault)), 'utf8');
    assert.equal(text.split(fault.text).length - 1, 1, `"${fault.text}" in ${fault.module}`);
    env[FAULT_VARIABLE] = JSON.stringify(fault);
    before.push('--import', new URL('./plant.js', import.meta.url).href);
  }
  const child = spawn(process.execPath, [...before, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (errors += part));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(end);
  return { code: code ?? undefined, output, errors };
}
