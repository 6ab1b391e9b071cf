/** This host, live: the command itself beside each judge, with what the kernel tells besides the registers. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { captureMachine } from '../../src/function/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { repository } from '../cache.js';
import { LabFailure, lastLines } from '../failure.js';
import { Comparison } from './comparison.js';
import { MODES } from './modes.js';
import type { Totals } from './totals.js';

const SOURCE = { kind: 'host', name: 'live' } as const;
const cli = join(repository, 'dist/src/command/main.js');

/** Nothing where the host has no PCI functions. */
export function compareHost(totals: readonly Totals[]): void {
  using machine = new LinuxMachine();
  const capture = captureMachine(machine);
  if (capture.functions.length === 0) return;
  for (const args of MODES) {
    const ours = shown(args);
    for (const one of totals)
      one.add(SOURCE, args, new Comparison(capture, one.excuses).compare(ours, one.judge.run(args)));
  }
}

function shown(args: readonly string[]): string {
  const ended = spawnSync(process.execPath, [cli, 'show', '--format', 'lspci', ...args], {
    encoding: 'utf8',
  });
  if (ended.status !== 0)
    throw new LabFailure(`openslot show --format lspci ${args.join(' ')}: ${lastLines(ended.stderr, 5)}`);
  return ended.stdout;
}
