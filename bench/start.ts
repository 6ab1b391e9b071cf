/** How long the command line takes to start, beside a Node program that does nothing. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LabFailure } from '../lab/failure.js';
import { listed, median } from './samples.js';

const rounds = 21;

export function measureStart(): void {
  const openslot = fileURLToPath(new URL('../src/command/main.js', import.meta.url));
  const commands = {
    'openslot --help': [openslot, '--help'],
    'openslot list': [openslot, 'list', '--on', 'linux'],
    'empty program': [fileURLToPath(new URL('empty.js', import.meta.url))],
  };
  const samples = Object.entries(commands).map(([name, args]) => ({ name, args, taken: [] as number[] }));
  // The first round fills the file cache and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const one of samples) {
      const taken = timed(one.args);
      if (round > 0) one.taken.push(taken);
    }
  console.log(`start: wall milliseconds of ${rounds} runs each, by turns`);
  for (const { name, taken } of samples)
    console.log(`  ${name.padEnd(18)} median ${median(taken).toFixed(1).padStart(7)}   ${listed(taken)}`);
  const empty = samples.at(-1);
  for (const { name, taken } of samples)
    if (empty !== undefined && name !== empty.name)
      console.log(
        `  ${name}: ${(median(taken) - median(empty.taken)).toFixed(1)} ms more than the ${empty.name}`,
      );
}

function timed(args: readonly string[]): number {
  const start = performance.now();
  const ended = spawnSync(process.execPath, args, { stdio: 'ignore' });
  const taken = performance.now() - start;
  if (ended.status !== 0)
    throw new LabFailure(`node ${args.join(' ')} ended with ${ended.status ?? 'a signal'}.`);
  return taken;
}
