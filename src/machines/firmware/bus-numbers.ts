/** Bus numbers, as firmware gives them: depth first, each bridge covering what is below it. */
import type { Planned, PlannedRoot, Refuse } from './plan.js';

const LAST_BUS = 255;
/** Bus numbers in a type 1 header (PCI-to-PCI Bridge Architecture 1.2, 3.2). */
const PRIMARY = 0x18;
const SECONDARY = 0x19;
const SUBORDINATE = 0x1a;

/** Gives every root bus its number and programs every bridge. @throws what `refuse` makes: numbers that clash. */
export function assignBusNumbers(roots: readonly PlannedRoot[], refuse: Refuse): void {
  /** Numbers of each domain that are taken, by the first and last of each root. */
  const taken = new Map<number, { first: number; last: number }[]>();
  for (const root of [...roots].sort(
    (a, b) => Number(a.given === undefined) - Number(b.given === undefined),
  )) {
    const ranges = taken.get(root.domain) ?? [];
    taken.set(root.domain, ranges);
    const first = root.given ?? Math.max(-1, ...ranges.map(({ last }) => last)) + 1;
    if (first > LAST_BUS) throw refuse(root.path, 'no bus number is left for it');
    root.setNumber(first);
    const last = numberBelow(root.children, first, refuse);
    const other = ranges.find((range) => first <= range.last && range.first <= last);
    if (other !== undefined) {
      throw refuse(
        [...root.path, 'bus'],
        `its buses ${first} to ${last} clash with those of another root, ${other.first} to ${other.last}`,
      );
    }
    ranges.push({ first, last });
  }
}

/** @returns the highest number at or below this bus. */
function numberBelow(children: readonly Planned[], bus: number, refuse: Refuse): number {
  let last = bus;
  for (const child of children) {
    if (child.kind !== 'bridge') continue;
    const secondary = child.given.secondary ?? last + 1;
    if (secondary <= last) {
      throw refuse(
        [...child.path, 'bridge', 'secondary'],
        `bus ${secondary} clashes with one before it: the next free number is ${last + 1}`,
      );
    }
    if (secondary > LAST_BUS) throw refuse(child.path, `no bus number is left: a domain has ${LAST_BUS + 1}`);
    const { registers } = child;
    registers.configWrite(PRIMARY, 1, bus);
    registers.configWrite(SECONDARY, 1, secondary);
    // All that may follow is below it until it is known what does.
    registers.configWrite(SUBORDINATE, 1, LAST_BUS);
    last = numberBelow(child.children, secondary, refuse);
    registers.configWrite(SUBORDINATE, 1, last);
  }
  return last;
}
