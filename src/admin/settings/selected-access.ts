/** Registers that were selected by name or number, as accesses: of their width, or of 4 bytes where there are none of 8. */
import type { ComposedWrite, SelectedRegister } from '../../proto/program/index.js';
import { MOST_ACCESSES } from '../access-limit.js';
import type { RegisterOperation } from '../register-access.js';

/** Makes accesses in their order and tells what each found, as {@link accessRegisters} does. */
export type RunAccesses = (
  operations: readonly RegisterOperation[],
) => Promise<readonly (bigint | undefined)[]>;

const DWORD = 0xffff_ffffn;

/** Configuration space has no accesses of 8 bytes: a register of so many is two, the low one first. */
function isHalved({ space, shape }: SelectedRegister): boolean {
  return space === 'config' && shape.register.width === 8;
}

/** The accesses that read a register. */
export function readsOf(selected: SelectedRegister): readonly RegisterOperation[] {
  const { space, offset, shape } = selected;
  const clears = shape.readClears ? { clears: true } : {};
  if (!isHalved(selected)) return [{ kind: 'read', space, offset, width: shape.register.width, ...clears }];
  return [0, 4].map((more) => ({ kind: 'read' as const, space, offset: offset + more, width: 4, ...clears }));
}

/** One value of what the accesses of {@link readsOf} found. */
export function valueRead(found: readonly (bigint | undefined)[]): bigint {
  const [low = 0n, high = 0n] = found;
  return (high << 32n) | low;
}

/** Reads the registers in their order, as many together as one request takes. */
export async function readSelected(
  run: RunAccesses,
  selected: readonly SelectedRegister[],
): Promise<readonly bigint[]> {
  const operations = selected.map(readsOf);
  const all = operations.flat();
  const found: (bigint | undefined)[] = [];
  for (let first = 0; first < all.length; first += MOST_ACCESSES)
    found.push(...(await run(all.slice(first, first + MOST_ACCESSES))));
  let next = 0;
  return operations.map(({ length }) => valueRead(found.slice(next, (next += length))));
}

/** One access that writes, with the read before it where bits are kept. */
export interface WritePart extends ComposedWrite {
  readonly offset: number;
  readonly width: 1 | 2 | 4 | 8;
}

/** The accesses that write a register; of one in two halves only those that `bits` are in. */
export function writeParts(
  selected: SelectedRegister,
  write: ComposedWrite,
  bits: bigint,
): readonly WritePart[] {
  const { offset, shape } = selected;
  if (!isHalved(selected)) return [{ offset, width: shape.register.width, ...write }];
  return [0n, 32n]
    .filter((shift) => ((bits >> shift) & DWORD) !== 0n)
    .map((shift) => ({
      offset: offset + Number(shift / 8n),
      width: 4,
      keep: (write.keep >> shift) & DWORD,
      value: (write.value >> shift) & DWORD,
    }));
}

export function writeOf(
  { space }: SelectedRegister,
  { keep, value, ...place }: WritePart,
): RegisterOperation {
  return keep === 0n
    ? { kind: 'write', space, ...place, value }
    : { kind: 'update', space, ...place, keep, value };
}
