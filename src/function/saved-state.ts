/** Saved configuration: what a function's registers held before somebody else drove it, and putting that back. */
import { fieldMask, presentRegisters } from '../pci/index.js';
import type { ConfigSpace, ConfigWidth } from './function.js';

/** One register's bits that software sets, with where they stand. */
export interface SavedRegister {
  readonly name: string;
  readonly offset: number;
  readonly width: ConfigWidth;
  /** Bits that can be set again. */
  readonly mask: number;
  /** Bits that a written 1 would clear: never written back. */
  readonly clearing: number;
  readonly value: number;
}

export type SavedState = readonly SavedRegister[];

/** Restored last, so that nothing decodes or masters before its registers are right. */
const COMMAND = 'header.command';

/**
 * What a reset takes and a driver counts on, by the tables' names. Other capabilities are configured by firmware or by
 * their drivers, and writing them back is not without consequence.
 */
const SAVED: ReadonlySet<string> = new Set(['header', 'pm', 'msi', 'msix', 'pcie']);

/** Saves every register of the header and of {@link SAVED} capabilities that software can set. */
export function saveState(config: ConfigSpace): SavedState {
  const saved: SavedRegister[] = [];
  for (const { table, register, name, offset, width } of presentRegisters(config)) {
    if (!SAVED.has(table.name)) continue;
    let mask = 0;
    let clearing = 0;
    for (const field of register.fields) {
      if (field.access === 'rw') mask |= fieldMask(field);
      if (field.access === 'w1c') clearing |= fieldMask(field);
    }
    if (mask === 0) continue;
    saved.push({
      name,
      offset,
      width,
      mask: mask >>> 0,
      clearing: clearing >>> 0,
      value: config.read(offset, width),
    });
  }
  return saved;
}

/**
 * Writes back what differs, Command last, each register with its own width and without touching bits that a written 1
 * would clear.
 * @returns the names of the registers that still differ afterwards: hardware that did not take its value.
 */
export function restoreState(config: ConfigSpace, saved: SavedState): readonly string[] {
  const command = saved.filter((register) => register.name === COMMAND);
  const others = saved.filter((register) => register.name !== COMMAND);
  const differing: string[] = [];
  for (const register of [...others, ...command]) {
    const { offset, width, mask, clearing, value } = register;
    const differs = () => ((config.read(offset, width) ^ value) & mask) >>> 0 !== 0;
    if (!differs()) continue;
    const kept = config.read(offset, width) & ~(mask | clearing);
    config.write(offset, width, ((value & mask) | kept) >>> 0);
    if (differs()) differing.push(register.name);
  }
  return differing;
}
