/** Times of an access, in the thread that makes it: in bursts, and single with both threads asleep before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../samples.js';

/** How accesses are made, and how many of one measurement. */
export interface Series {
  readonly series: 'burst' | 'single';
  readonly count: number;
}

/** Of one measurement. Times are microseconds. */
export interface Times {
  /** Of a burst, without a look at the clock in between. */
  readonly perSecond: number;
  readonly median: number;
  readonly p99: number;
}

/** Longer than any thread looks for more work before it sleeps. */
const PAUSE_MS = 3;

export function timesOf(access: () => unknown, { series, count }: Series): Times | Promise<Times> {
  return series === 'burst' ? burst(access, count) : single(access, count);
}

/** First as fast as it goes, then once more with each access timed. */
function burst(access: () => unknown, count: number): Times {
  const start = performance.now();
  for (let index = 0; index < count; index++) access();
  const perSecond = (count * 1000) / (performance.now() - start);
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) times[index] = timed(access);
  return summary(times, perSecond);
}

async function single(access: () => unknown, count: number): Promise<Times> {
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    await sleep(PAUSE_MS);
    times[index] = timed(access);
  }
  return summary(times, Number.NaN);
}

function timed(access: () => unknown): number {
  const before = performance.now();
  access();
  return (performance.now() - before) * 1000;
}

/** Sorts the times. */
export function summary(times: Float64Array, perSecond: number): Times {
  return { perSecond, median: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** Measurements of each subject, one of each round. */
export type Taken = Record<string, Times[]>;

export function column(taken: Taken, what: keyof Times): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(taken).map(([name, all]) => [name, all.map((times) => times[what])]),
  );
}
