/** The lab with QEMU's models alone: the suites that drive them from this host, by the QEMU of the lab's own tree. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, repository } from '../cache.js';
import { Checks } from '../checks.js';
import { LabFailure } from '../failure.js';
import { prepareRoot } from '../packages.js';
import { runProgram } from '../process.js';
import { judgeTap } from '../tap.js';

export interface ScenarioOptions {
  /** Undefined: all of test/qemu-lab, and the tests that compare with QEMU or drive it. */
  readonly suite: string | undefined;
}

const end = '.lab.js';

function suites(): ReadonlyMap<string, string> {
  const folder = join(repository, 'dist/test/qemu-lab');
  const names = readdirSync(folder).filter((name) => name.endsWith(end));
  return new Map(names.sort().map((name) => [name.slice(0, -end.length), join(folder, name)]));
}

/** Tests that run everywhere, with whatever QEMU is found: here with the lab's. */
function tests(): string[] {
  const folder = join(repository, 'dist/test');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^machines\/qemu\/.*\.test\.js$|-qemu\.test\.js$/.test(name))
    .map((name) => join(folder, name));
}

/** @returns whether all checks passed. */
export async function runScenario({ suite }: ScenarioOptions): Promise<boolean> {
  const start = performance.now();
  const known = suites();
  const chosen = suite === undefined ? [...known.values(), ...tests()] : [known.get(suite)];
  const files = chosen.filter((file) => file !== undefined);
  if (files.length < chosen.length)
    throw new LabFailure(`There is no suite ${suite ?? ''}; there are ${[...known.keys()].join(', ')}.`);
  const root = await prepareRoot(cacheFolder());
  const command = root.command('usr/bin/qemu-system-x86_64');
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const ended = await runProgram([process.execPath, '--test', '--test-reporter=tap', ...files], {
    environment: { ...root.qemuEnvironment, OPENSLOT_QEMU: quoted },
  });
  const checks = new Checks();
  const tap = ended.stdout.toString('utf8');
  judgeTap('suites', tap, String(ended.code), checks);
  checks.equal('nothing was left out', tap.match(/^# skipped (\d+)$/m)?.[1], '0');
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
  console.log(checks.closing);
  return checks.failed === 0;
}
