/** Tables whose last registers are there once for each lane of the function's link. */
import { placed } from '../fields.js';
import type { Register, RegisterTable } from '../registers.js';
import { lanesOf } from './express-port.js';
import type { CapabilityBytes } from './table-choice.js';

const MOST_LANES = 32;

/** The same register for each lane, `stride` bytes apart. */
export function perLane(each: Register, lanes: number, stride: number): Register {
  return placed(each, MOST_LANES, stride, (_, lane) =>
    lane < lanes ? each.offset + lane * stride : undefined,
  );
}

/** A capability's tables for all widths of a link. */
export interface TablesByLanes {
  /** For documentation: the one of the widest link. */
  readonly widest: RegisterTable;
  /** The one of a function, by the maximum width of its link. */
  readonly choose: (bytes: CapabilityBytes) => RegisterTable;
}

/** Each table is made once, when the first function of that width is looked at. */
export function byLanes(table: (lanes: number) => RegisterTable): TablesByLanes {
  const made = new Map<number, RegisterTable>();
  const of = (lanes: number) => {
    const known = made.get(lanes) ?? table(lanes);
    made.set(lanes, known);
    return known;
  };
  return { widest: of(MOST_LANES), choose: ({ header }) => of(lanesOf(header)) };
}
