/** How long an interrupt takes from the device's raise to the guest that awaits it, or that blocks until it comes. */
import type { InterruptStream, PciFunction, Region } from 'openslot/function';
import { Bell } from './bell.js';
import { summary, type Times } from './timed.js';

export interface InterruptSeries {
  /** `awaited` in an iteration of the guest's event loop, `waited` for by its blocked thread. */
  readonly how: 'awaited' | 'waited';
  /** What {@link Bell.ring} takes: 1 for the next one as soon as the last has been taken, else milliseconds of pause. */
  readonly ring: number;
  readonly count: number;
}

const PATIENCE_MS = 10_000;

export async function interruptTimes(
  fn: PciFunction,
  region: Region,
  { how, ring, count }: InterruptSeries,
): Promise<Times> {
  if (fn.interrupts === undefined) throw new Error('the function has no interrupts');
  using stream = fn.interrupts.open({ kind: 'msi', vector: 0 });
  const times = new Float64Array(count);
  let taken = 0;
  const take = (): boolean => {
    const now = process.hrtime.bigint();
    times[taken++] = Number(now - region.read64(Bell.rungAt)) / 1000;
    if (taken < count) region.write32(Bell.ring, ring);
    return taken < count;
  };
  const start = performance.now();
  region.write32(Bell.ring, ring);
  if (how === 'awaited') await iterate(stream, take);
  else block(stream, take);
  return summary(times, (count * 1000) / (performance.now() - start));
}

async function iterate(stream: InterruptStream, take: () => boolean): Promise<void> {
  for await (const _interrupt of stream) if (!take()) return;
}

function block(stream: InterruptStream, take: () => boolean): void {
  do {
    if (stream.wait(PATIENCE_MS) === undefined) throw new Error('no interrupt came');
  } while (take());
}
