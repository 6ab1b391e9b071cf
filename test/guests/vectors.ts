/** A guest that takes every vector of its function, raises them in its own order, and reports what came on which. */
import type { Interrupt, InterruptStream, PciFunction } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import type { XpciOptions } from 'openslot/xpci';
import { firstFunction } from './first-function.js';

const RAISE = 0x00;

export const xpciOptions: XpciOptions = { msixVectors: 128 };

/** What one vector was due and got. */
interface Tally {
  due: number;
  got: number;
  /** Interrupts on this stream that name another source. */
  strange: number;
}

export default async function vectors(guest: Guest): Promise<void> {
  const rounds = Number(guest.arguments[0]);
  using fn = await firstFunction(guest.xpci);
  await guest.store.write('data/result', JSON.stringify(countAll(fn, rounds)));
  // Until the other side has read it.
  await new Promise(() => undefined);
}

function countAll(fn: PciFunction, rounds: number): unknown {
  const interrupts = fn.interrupts;
  if (interrupts === undefined) throw new Error('no interrupts');
  using region = fn.openRegion(0);
  const count = interrupts.available.msix;
  const streams = Array.from({ length: count }, (_, vector) => interrupts.open({ kind: 'msix', vector }));
  const tallies = streams.map((): Tally => ({ due: 0, got: 0, strange: 0 }));
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < count; step++) {
      // 37 has no divisor in common with a power of two: every vector once, neighbours far apart.
      const vector = (step * 37 + round) % count;
      // Some twice in a row: a message is an edge, and two of them are two.
      for (let times = 1 + ((vector + round) % 2); times > 0; times--) {
        region.write32(RAISE, vector);
        note(tallies[vector], 'due', 1);
      }
    }
    for (const [vector, stream] of streams.entries()) drain(stream, vector, tallies[vector]);
  }
  // What was delivered twice comes after all that was due.
  for (const [vector, stream] of streams.entries()) take(stream.wait(0), vector, tallies[vector]);
  for (const stream of streams) stream[Symbol.dispose]();
  // Short: a value of the store has 4096 bytes at most.
  return tallies.map(({ due, got, strange }) => [due, got, strange]);
}

/** Takes until all that is due is there, or nothing more comes. */
function drain(stream: InterruptStream, vector: number, tally: Tally | undefined): void {
  while (tally !== undefined && tally.got < tally.due) {
    const interrupt = stream.wait(2000);
    if (interrupt === undefined) return;
    take(interrupt, vector, tally);
  }
}

function take(interrupt: Interrupt | undefined, vector: number, tally: Tally | undefined): void {
  if (interrupt === undefined) return;
  const { source } = interrupt;
  const own = source.kind === 'msix' && source.vector === vector;
  note(tally, own ? 'got' : 'strange', interrupt.count);
}

function note(tally: Tally | undefined, what: keyof Tally, count: number): void {
  if (tally !== undefined) tally[what] += count;
}
