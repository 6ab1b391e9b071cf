/**
 * Runs the compiled tests with Node's runner: all, or those whose path contains one of the arguments. With
 * OPENSLOT_TEST_AGAIN set, files that failed are run once more, alone: what fails only beside others is told, and fails
 * nothing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .map((name) => join(folder, name));
if (files.length === 0) {
  process.stderr.write(`no test matches ${wanted.join(', ')}\n`);
  process.exit(2);
}

interface Outcome {
  readonly code: number;
  /** What failed, in words. */
  readonly failures: string;
}

async function run(paths: readonly string[], concurrency: number): Promise<Outcome> {
  const told = mkdtempSync(join(tmpdir(), 'openslot-tests-'));
  const failures = join(told, 'failures');
  const reporters = [
    `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(folder, 'failure-reporter.js')}`,
    `--test-reporter-destination=${failures}`,
  ];
  const limits = [`--test-concurrency=${concurrency}`, '--test-timeout=300000'];
  const runner = spawn(process.execPath, ['--test', ...limits, ...reporters, ...paths], { stdio: 'inherit' });
  const [code] = (await once(runner, 'exit')) as [number | null];
  const outcome = { code: code ?? 1, failures: readFileSync(failures, 'utf8') };
  rmSync(told, { recursive: true });
  return outcome;
}

// Node's own choice leaves one processor idle, which is half of a small machine; and many tests wait for others.
let outcome = await run(files, availableParallelism() + 1);
const failed = files.filter((file) => outcome.failures.includes(`${file}:`));
if (outcome.code !== 0 && failed.length > 0 && process.env['OPENSLOT_TEST_AGAIN'] !== undefined) {
  const beside = outcome.failures;
  outcome = await run(failed, 1);
  if (outcome.code === 0) process.stdout.write(`Failed beside others, and passed alone:\n${beside}`);
}
// Last of all: a log that is cut off shows it.
process.stdout.write(outcome.failures);
process.exitCode = outcome.code;
