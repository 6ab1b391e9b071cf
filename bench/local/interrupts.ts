/** Interrupts from a device's raise to the guest, beside a wake-up of one bare thread by another. */
import { printRows, type Pair } from '../samples.js';
import type { InterruptSeries } from './interrupt-times.js';
import { bellAddress, BenchOwner } from './owner.js';
import { column, type Taken } from './timed.js';
import { WakeUp } from './wake-up.js';

const PAIRS: readonly Pair[] = [
  ['guest, awaited', 'a message'],
  ['guest, waited', 'a wake-up'],
];
const PAUSE_MS = 3;
/** One after the other: as soon as one has been taken the device raises the next. */
const ROW = { ring: 1, count: 2000 };
/** Each finds both threads asleep. */
const SINGLE = { ring: PAUSE_MS, count: 50 };

export async function measureInterrupts(rounds: number): Promise<void> {
  await using owner = await BenchOwner.start(1);
  const guest = await owner.run('bench');
  await guest.attach(bellAddress(0));
  await using wakeUp = new WakeUp();
  const rows: Taken = {};
  const singles: Taken = {};
  // The first round is not counted: nothing has been compiled yet.
  for (let round = 0; round <= rounds; round++)
    for (const [series, taken] of [
      [ROW, rows],
      [SINGLE, singles],
    ] as const)
      for (const how of ['awaited', 'waited'] as const) {
        const asked: InterruptSeries = { ...series, how };
        const inGuest = await guest.ask('interrupts', asked);
        const between = await wakeUp.measure(asked);
        if (round === 0) continue;
        (taken[`guest, ${how}`] ??= []).push(inGuest);
        (taken[how === 'awaited' ? 'a message' : 'a wake-up'] ??= []).push(between);
      }
  console.log(
    `  interrupts of one MSI vector, ${rounds} rounds by turns: a second, each raised when the last was taken`,
  );
  printRows(column(rows, 'perSecond'), 0, PAIRS);
  for (const [of, taken] of [
    [`${ROW.count} in a row`, rows],
    [`${SINGLE.count} with pauses`, singles],
  ] as const)
    for (const [what, title] of [
      ['median', 'median'],
      ['p99', '99th percentile of the'],
    ] as const) {
      console.log(`  ${title} microseconds from the raise to the guest, ${of}`);
      printRows(column(taken, what), 1, PAIRS);
    }
}
