/** Registers of a simulated function's configuration space, made from the tables of the register model. */
import type { ImageRegister } from '../../../function/index.js';
import { bytesReader, dottedName, fieldMask, type RegisterTable } from '../../../pci/index.js';

/** What a table does not say of a register: its value after power on, and what the machine does itself. */
export interface RegisterSetup {
  readonly initial?: number;
  /** Replaces what the fields say. */
  readonly writable?: number;
  readonly read?: () => number;
}

export type TableSetup = Readonly<Record<string, RegisterSetup | undefined>>;

/** Bytes that hold the registers which decide about the others; the longest table needs 0x3c. */
const TABLE_BYTES = 0x40;

/**
 * The registers of a header or capability at `base`. Fields that software sets are storage, those that a written 1
 * clears are cleared by it, everything else keeps its initial value. Registers are named as in the table.
 */
export function tableRegisters(table: RegisterTable, base: number, setup: TableSetup): ImageRegister[] {
  const bytes = new Uint8Array(TABLE_BYTES);
  for (const { name, offset, width, when } of table.registers) {
    if (when !== undefined || offset + width > TABLE_BYTES) continue;
    const initial = setup[name]?.initial ?? 0;
    for (let byte = 0; byte < width; byte++) bytes[offset + byte] = (initial >>> (byte * 8)) & 0xff;
  }
  const reader = bytesReader(bytes);
  const registers: ImageRegister[] = [];
  for (const register of table.registers) {
    const { width } = register;
    if (width === 8 || register.when?.(reader) === false) continue;
    let writable = 0;
    let clearable = 0;
    for (const field of register.fields) {
      if (field.access === 'rw') writable |= fieldMask(field);
      if (field.access === 'w1c') clearable |= fieldMask(field);
    }
    const own = setup[register.name] ?? {};
    registers.push({
      name: dottedName(table, register),
      offset: base + register.offset,
      width,
      initial: own.initial ?? 0,
      writable: (own.writable ?? writable) >>> 0,
      clearable: clearable >>> 0,
      ...(own.read === undefined ? {} : { read: own.read }),
    });
  }
  return registers;
}

/** Bits that survive a reset of the function, by dotted register name. */
export function stickyBits(table: RegisterTable): ReadonlyMap<string, number> {
  const sticky = new Map<string, number>();
  for (const register of table.registers) {
    let mask = 0;
    for (const field of register.fields) if (field.sticky === true) mask |= fieldMask(field);
    if (mask !== 0) sticky.set(dottedName(table, register), mask >>> 0);
  }
  return sticky;
}

/** One capability of a function: its id, its length, and its registers once it is known where it stands. */
export interface CapabilityPlan {
  readonly id: number;
  readonly bytes: number;
  /** Where it stands; undefined: behind the one before it. */
  readonly place?: number | undefined;
  readonly registers: (base: number, next: number) => readonly ImageRegister[];
}

/** First byte after the header. */
const FIRST_CAPABILITY = 0x40;

/** Chains capabilities in the order given: each at its place, or behind the one before it at a multiple of 4. */
export function placeCapabilities(plans: readonly CapabilityPlan[]): {
  readonly registers: readonly ImageRegister[];
  /** Where each id stands. */
  readonly offsets: ReadonlyMap<number, number>;
  /** Value of the capabilities pointer, 0 without any. */
  readonly first: number;
} {
  const offsets = new Map<number, number>();
  const starts: number[] = [];
  let end = FIRST_CAPABILITY;
  for (const { id, bytes, place } of plans) {
    const start = place ?? end;
    offsets.set(id, start);
    starts.push(start);
    end = start + ((bytes + 3) & ~3);
  }
  const registers = plans.flatMap(({ registers: make }, index) =>
    make(starts[index] ?? 0, starts[index + 1] ?? 0),
  );
  return { registers, offsets, first: starts[0] ?? 0 };
}
