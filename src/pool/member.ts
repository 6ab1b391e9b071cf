/** What the pool knows of one claimed function: its record, what becomes of it, and who has it. */
import type { SavedState } from '../function/index.js';
import type { ClaimRecord } from './claim-record.js';

export type PoolState =
  | { readonly state: 'free' }
  | { readonly state: 'taken'; readonly taker: string }
  | { readonly state: 'quarantined'; readonly why: string }
  /** A claim or release is under way; nobody else may touch the function meanwhile. */
  | { readonly state: 'changing' };

export interface Member {
  record: ClaimRecord;
  state: PoolState;
  /** Taken when the member was first opened here, before any taker touched it. */
  saved: SavedState | undefined;
  /** While a taker has it. */
  held: Held | undefined;
}

export interface Held {
  /** Settles when its taker has given it back. */
  readonly back: Promise<void>;
  readonly release: () => void;
  /** `left`: a former process gave it away, and nobody here has its lease yet. `returning`: it is on its way back. */
  stage: 'left' | 'leased' | 'returning';
}

/** As the record says: one that has a taker there was given away by a former process. */
export function memberOf(record: ClaimRecord): Member {
  return {
    record,
    state: stateOf(record),
    saved: record.taken?.saved,
    held: record.taken === undefined ? undefined : newlyHeld('left'),
  };
}

export function newlyHeld(stage: Held['stage']): Held {
  let release: () => void = () => undefined;
  const back = new Promise<void>((resolve) => (release = resolve));
  return { back, release, stage };
}

export function stateOf({ quarantined, taken }: ClaimRecord): PoolState {
  if (taken !== undefined) return { state: 'taken', taker: taken.taker };
  return quarantined === undefined ? { state: 'free' } : { state: 'quarantined', why: quarantined };
}
