/** Accesses of a guest to its function, beside the same accesses in one process and a round trip of two threads. */
import { printRows, type Pair } from '../samples.js';
import { bellAddress, BenchOwner } from './owner.js';
import { PingPong } from './ping-pong.js';
import { column, timesOf, type Series, type Taken, type Times } from './timed.js';
import { Bell } from './bell.js';

const BURST: Series = { series: 'burst', count: 20_000 };
const PAIRS: readonly Pair[] = [
  ['guest, register', 'machine, register'],
  ['guest, config', 'machine, config'],
  ['guest, register', 'two threads'],
];
const SINGLE: Series = { series: 'single', count: 50 };

export async function measureAccesses(rounds: number): Promise<void> {
  await using owner = await BenchOwner.start(2);
  const guest = await owner.run('bench');
  await guest.attach(bellAddress(0));
  using fn = owner.machine.open(bellAddress(1));
  fn.setEnabled(true);
  using region = fn.openRegion(0);
  await using pingPong = new PingPong();
  const subjects: Record<string, (series: Series) => Promise<Times> | Times> = {
    'guest, register': (series) => guest.ask('accesses', { ...series, of: 'register' }),
    'guest, config': (series) => guest.ask('accesses', { ...series, of: 'config' }),
    'two threads': (series) => pingPong.measure(series),
    'machine, register': (series) => timesOf(() => region.read32(Bell.scratch), series),
    'machine, config': (series) => timesOf(() => fn.config.read(0, 4), series),
  };
  const bursts: Taken = {};
  const singles: Taken = {};
  // The first round is not counted: nothing has been compiled yet.
  for (let round = 0; round <= rounds; round++)
    for (const [series, taken] of [
      [BURST, bursts],
      [SINGLE, singles],
    ] as const)
      for (const [name, measure] of Object.entries(subjects)) {
        const times = await measure(series);
        if (round > 0) (taken[name] ??= []).push(times);
      }
  const { length } = Object.keys(subjects);
  console.log(
    `  reads of 4 bytes, ${rounds} rounds of ${length} by turns: a second, in bursts of ${BURST.count}`,
  );
  printRows(column(bursts, 'perSecond'), 0, PAIRS);
  for (const [of, taken] of [
    [`bursts of ${BURST.count}`, bursts],
    [`${SINGLE.count} single ones, a pause before each`, singles],
  ] as const) {
    console.log(`  median microseconds of one, in ${of}`);
    printRows(column(taken, 'median'), 2, PAIRS);
    console.log(`  99th percentile of one in microseconds, in ${of}`);
    printRows(column(taken, 'p99'), 2, PAIRS);
  }
}
