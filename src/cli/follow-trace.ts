/** Following a guest's trace at its owner: asked again and again, until the order to end, a time, or the guest's end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TracePart } from '../admin/index.js';
import { askOwnerOf, machineToChange } from './machine-view.js';
import type { MachineChoice } from './machine-option.js';
import { untilTold } from './until-told.js';

/** A guest that starts makes some thousand accesses in a second; the owner keeps more than those. */
const INTERVAL_MS = 100;

export interface FollowedPart {
  readonly machine: string;
  /** The guest, with the first part. */
  readonly head: { readonly domain: number; readonly name: string } | undefined;
  readonly part: TracePart;
}

/** @throws {OwnerUnreachableError | OwnerRefusedError} and what `onPart` throws. */
export async function followTrace(
  guest: string,
  options: MachineChoice & { readonly seconds?: number },
  onPart: (followed: FollowedPart) => void,
): Promise<void> {
  const { name: machine } = machineToChange(options);
  const over = new AbortController();
  void untilTold().then(() => {
    over.abort();
  });
  const end = options.seconds === undefined ? Infinity : performance.now() + options.seconds * 1000;
  let wanted = guest;
  let [after, functions] = [0, 0];
  for (let isFirst = true; ; isFirst = false) {
    const isLast = over.signal.aborted || performance.now() >= end;
    const answer = await askOwnerOf(options, 'trace', { guest: wanted, after, functions });
    // By its id from now on: its name may be another guest's when it has ended.
    wanted = String(answer.guest.domain);
    after = answer.next;
    functions += answer.functions.length;
    const head = isFirst ? answer.guest : undefined;
    onPart({ machine, head, part: answer });
    const isBehind = answer.lost > 0 || answer.accesses.length > 0;
    if ((isLast || !answer.alive) && !isBehind) return;
    if (isLast) continue;
    const left = Math.min(INTERVAL_MS, Math.max(0, end - performance.now()));
    await sleep(left, undefined, { signal: over.signal }).catch(() => undefined);
  }
}
