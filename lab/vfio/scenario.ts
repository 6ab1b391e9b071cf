/** The lab with VFIO: boots the machine, has the suites run in it, judges what they report. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, repository } from '../cache.js';
import { Checks, indented } from '../checks.js';
import { LabFailure, lastLines } from '../failure.js';
import { prepareRoot } from '../packages.js';
import { PhaseClock } from '../phase-clock.js';
import { Machine } from '../qemu.js';
import { judgeTap } from '../tap.js';
import { Facts } from '../xen/facts.js';
import { buildImages } from './images.js';
import { commandLine } from './machine.js';

export interface ScenarioOptions {
  /** Undefined: all of test/vfio-lab. */
  readonly suite: string | undefined;
  readonly limitSeconds: number;
}

const end = '.lab.js';
/** How Linux announces that it will not go on. */
const panic = /Kernel panic - not syncing/;

function suiteNames(): readonly string[] {
  return readdirSync(join(repository, 'dist/test/vfio-lab'))
    .filter((name) => name.endsWith(end))
    .map((name) => name.slice(0, -end.length))
    .sort();
}

/** @returns whether all checks passed. */
export async function runScenario({ suite, limitSeconds }: ScenarioOptions): Promise<boolean> {
  const start = performance.now();
  const known = suiteNames();
  if (suite !== undefined && !known.includes(suite))
    throw new LabFailure(`There is no suite ${suite}; there are ${known.join(', ')}.`);
  const cache = cacheFolder();
  const root = await prepareRoot(cache);
  const images = await buildImages(root);
  const work = join(cache, 'runs', `${new Date().toISOString().replace(/[:.]/g, '-')}-${process.pid}-vfio`);
  mkdirSync(work, { recursive: true });
  const chosen = suite === undefined ? known : [suite];
  const words = [`lab.suites=${chosen.join(':')}`];
  const lines: string[] = [];
  const clock = new PhaseClock('kernel');
  let reached: (outcome: 'end' | 'time-out' | 'crash') => void = () => undefined;
  const outcome = new Promise<'end' | 'time-out' | 'crash'>((resolve) => (reached = resolve));
  const machine = new Machine(
    { root, arguments: commandLine({ root, images, work, words }), folder: work, interactive: false },
    (line) => {
      lines.push(line.text);
      clock.hear(line);
      if (line.text.includes('LAB broken')) console.log(line.text);
      if (line.text.includes('LAB end')) reached('end');
      if (panic.test(line.text)) setTimeout(reached, 1000, 'crash');
    },
  );
  const limit = setTimeout(() => {
    reached('time-out');
  }, limitSeconds * 1000);
  void machine.ended.then(() => {
    reached('crash');
  });
  const how = await outcome;
  clearTimeout(limit);
  clock.finish(machine.elapsed);
  await machine.stop();

  console.log(`\nLogs: ${work}`);
  const facts = new Facts(work);
  const checks = new Checks();
  checks.equal('the machine ran to its end', how, 'end');
  writeFileSync(join(work, 'machine.log'), `${lines.join('\n')}\n`);
  if (how !== 'end') console.log(indented(lastLines(lines.join('\n'), 80)));
  for (const name of chosen) {
    console.log(`\n# ${name}`);
    judgeTap(name, facts.file(`${name}.tap`), facts.get(`${name}.code`), checks);
    const said = facts.file(`${name}.log`);
    if (said !== '') console.log(indented(lastLines(said, 20)));
  }
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
  console.log(checks.closing);
  return checks.failed === 0;
}
