/** Runs the compiled tests with Node's runner: all, or those whose path contains one of the arguments. */
import { spawn } from 'node:child_process';
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
// Node's own choice leaves one processor idle, which is half of a small machine; and many tests wait for others.
const concurrency = `--test-concurrency=${availableParallelism() + 1}`;
const told = mkdtempSync(join(tmpdir(), 'openslot-tests-'));
const failures = join(told, 'failures');
const reporters = [
  `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`,
  '--test-reporter-destination=stdout',
  `--test-reporter=${join(folder, 'failure-reporter.js')}`,
  `--test-reporter-destination=${failures}`,
];
const runner = spawn(
  process.execPath,
  ['--test', concurrency, '--test-timeout=120000', ...reporters, ...files],
  { stdio: 'inherit' },
);
runner.once('exit', (code) => {
  // Last of all: a log that is cut off shows them.
  process.stdout.write(readFileSync(failures, 'utf8'));
  rmSync(told, { recursive: true });
  process.exitCode = code ?? 1;
});
