/** lspci's text of a dump by `openslot show --format lspci`, beside each lspci at hand: whole processes and their memory. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabFailure } from '../lab/failure.js';
import { IDS, judges } from '../lab/lspci/judge.js';
import { functionSpaces } from './lspci-functions.js';
import { printRows, type Pair } from './samples.js';

const COUNTS = [10, 100, 1000, 10_000];
/** The largest dump takes seconds each time. */
const MOST_ROUNDS = 5;
/** What is kept in memory at once while a dump is written. */
const AT_ONCE = 500;
const OURS = 'openslot';

interface Run {
  readonly milliseconds: number;
  readonly mebibytes: number;
}

export async function measureLspci(wanted: number): Promise<void> {
  const rounds = Math.min(wanted, MOST_ROUNDS);
  const others = judges();
  if (others.length === 0)
    throw new LabFailure('There is no lspci: install pciutils, or run npm run lab -- lspci once.');
  const folder = mkdtempSync(join(tmpdir(), 'openslot-bench-lspci-'));
  try {
    for (const count of COUNTS) {
      const dump = join(folder, String(count));
      writeDump(dump, count);
      const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
        [OURS]: [process.execPath, cli, 'show', '--format', 'lspci', '-vvv', '--on', `capture:${dump}`],
        ...Object.fromEntries(
          others.map((judge) => [
            `lspci ${judge.version}`,
            [...judge.command, '-i', IDS, '-F', dump, '-vvv'],
          ]),
        ),
      };
      await measureCount(count, statSync(dump).size, rounds, commands);
      rmSync(dump);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const cli = fileURLToPath(new URL('../src/command/main.js', import.meta.url));

async function measureCount(
  count: number,
  bytes: number,
  rounds: number,
  commands: Readonly<Record<string, readonly [string, ...string[]]>>,
): Promise<void> {
  const runs: Record<string, Run[]> = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  // The first round fills the file cache and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const [name, command] of Object.entries(commands)) {
      const run = await measured(command);
      if (round > 0) runs[name]?.push(run);
    }
  const pairs = Object.keys(commands)
    .filter((name) => name !== OURS)
    .map((name): Pair => [OURS, name]);
  const figures = (figure: keyof Run) =>
    Object.fromEntries(Object.entries(runs).map(([name, all]) => [name, all.map((run) => run[figure])]));
  console.log(
    `lspci: -vvv of a dump of ${count} functions, ${(bytes / 1e6).toFixed(1)} MB, ${rounds} runs each by turns`,
  );
  console.log('  wall milliseconds');
  printRows(figures('milliseconds'), 1, pairs);
  console.log('  MiB of memory at most');
  printRows(figures('mebibytes'), 1, []);
}

/** Its text goes nowhere. Memory is what the kernel says shortly before the end, looked at every two milliseconds. */
async function measured([program, ...args]: readonly [string, ...string[]]): Promise<Run> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  let kibibytes = 0;
  const look = setInterval(() => {
    kibibytes = Math.max(kibibytes, peakOf(child.pid));
  }, 2);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const milliseconds = performance.now() - start;
  clearInterval(look);
  if (status !== 0) throw new LabFailure(`${program} ${args.join(' ')} ended with ${status ?? 'a signal'}.`);
  return { milliseconds, mebibytes: kibibytes / 1024 };
}

/** Most resident memory so far in KiB; 0 once the process has ended. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function writeDump(path: string, count: number): void {
  const file = openSync(path, 'w');
  try {
    for (let first = 0; first < count; first += AT_ONCE)
      writeSync(file, functionSpaces(first, Math.min(AT_ONCE, count - first)));
  } finally {
    closeSync(file);
  }
}
