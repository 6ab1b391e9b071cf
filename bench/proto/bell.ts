/** From an event counter's write in another process to the program that awaits it, beside a C program that waits in poll(2). */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountedStream } from '../../src/function/index.js';
import { FileCounter } from '../../src/machines/counting-files/index.js';
import { openEventCounter, takeEvents } from '../../src/os/index.js';
import { printRows, quantile } from '../samples.js';
import type { CompiledPrograms } from './compiler.js';

const RINGS = 1_000;
const PAUSE_MICROSECONDS = '1000';
/** Long after the last write everybody has heard of it. */
const LAST_MILLISECONDS = 100;
const OURS = 'for await, ours';
const PEER = 'poll(2), C';

interface Wake {
  readonly median: number;
  readonly p99: number;
}

export async function measureBell(rounds: number, programs: CompiledPrograms): Promise<void> {
  console.log('  from an eventfd to the awaiting program, microseconds:');
  const ring = programs.compile('ring');
  if (ring === undefined) return;
  const taken: Record<string, Wake[]> = { [OURS]: [], [PEER]: [] };
  for (let round = 0; round < rounds; round++) {
    taken[OURS]?.push(await awaited(ring));
    taken[PEER]?.push(polled(ring));
  }
  for (const what of ['median', 'p99'] as const) {
    console.log(`   ${what}`);
    const rows = Object.fromEntries(
      Object.entries(taken).map(([name, all]) => [name, all.map((wake) => wake[what])]),
    );
    printRows(rows, 1, [[OURS, PEER]]);
  }
}

/** The count that the stream gives is the time of the write: the counter was 0, and got it in one piece. */
async function awaited(ring: string): Promise<Wake> {
  const fd = openEventCounter('the bench');
  const counter = new FileCounter({
    fd,
    name: 'bell',
    read: () => takeEvents(fd),
    acknowledge: () => undefined,
    close: () => {
      closeSync(fd);
    },
  });
  using stream = new CountedStream({ kind: 'msi', vector: 0 }, counter, () => undefined);
  const child = spawn(ring, ['3', String(RINGS), PAUSE_MICROSECONDS], {
    stdio: ['ignore', 'ignore', 'inherit', fd],
  });
  const ended = once(child, 'exit').then(async () => {
    await sleep(LAST_MILLISECONDS);
    stream.close();
  });
  const times = new Float64Array(RINGS);
  let heard = 0;
  for await (const { count } of stream) {
    const now = Number(process.hrtime.bigint());
    // Two writes before we looked are one count, and no time.
    if (count <= now) times[heard++] = (now - count) / 1000;
  }
  await ended;
  return summary(times.subarray(0, heard));
}

function polled(ring: string): Wake {
  const { stdout } = spawnSync(ring, ['poll', String(RINGS), PAUSE_MICROSECONDS], { encoding: 'utf8' });
  return summary(Float64Array.from(stdout.trim().split('\n'), (line) => Number(line) / 1000));
}

function summary(times: Float64Array): Wake {
  return { median: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
