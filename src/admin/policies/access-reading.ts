/** Accesses in the register model's words: which registers they touch, and what a write asks to change. */
import type { TracedAccess } from '../../pciback/index.js';
import {
  bytesReader,
  fieldMask,
  fieldOf,
  hexNumber,
  presentRegisters,
  type Field,
  type PresentRegister,
} from '../../pci/index.js';

/** What a name stands for on one function: a field of a register that it has. */
export interface NamedField {
  readonly present: PresentRegister;
  readonly field: Field;
}

/** One field that a write asks to change: it holds another value, or a 1 where that clears. */
export interface AskedChange {
  /** Dotted name of the field; `config:0x40/4` where no table says what stands there. */
  readonly name: string;
  /** Undefined where no table says what stands there. */
  readonly named: NamedField | undefined;
  /** What the guest had read or written there last; undefined where that was lost. */
  readonly from: number | undefined;
  readonly to: number;
  /** The policy did not let the guest change it. */
  readonly refused: boolean;
}

export interface AccessReading {
  readonly access: TracedAccess;
  /** Names of the registers that it covers; `config:0x40/4` where there is none. */
  readonly registers: readonly string[];
  /** Of a write; empty for one that asks for what is there already. */
  readonly changes: readonly AskedChange[];
}

/** A place that no table tells of, as commands write it. */
function unnamedPlace(offset: number, width: number): string {
  return `config:${hexNumber(offset)}/${width}`;
}

/** The dotted name of a field of a register that stands in a function. */
export function fieldName({ name }: PresentRegister, field: Pick<Field, 'name'>): string {
  return field.name === '' ? name : `${name}.${field.name}`;
}

/**
 * Reads one function's accesses in their order. What a write asks is told by what the guest knew before it: drivers
 * read a register, change a field and write all of it back.
 */
export class AccessReader {
  readonly registers: readonly PresentRegister[];
  /** For each byte the index of its register, -1 for none. */
  readonly #at: Int16Array;
  /** What the guest knows of each byte; -1 for what it does not. */
  readonly #known: Int16Array;

  /** `config` is what the guest could read at the start. */
  constructor(config: Uint8Array) {
    this.#known = Int16Array.from(config);
    this.#at = new Int16Array(config.length).fill(-1);
    this.registers = config.length < 64 ? [] : presentRegisters(bytesReader(config));
    for (const [index, { offset, width }] of this.registers.entries())
      for (let at = offset; at < offset + width; at++)
        // Of two that broken hardware has put into each other, the first one found counts, as it does for the policy.
        if (this.#at[at] === -1) this.#at[at] = index;
  }

  /** What the guest knew is not what it knows: accesses were lost. */
  forget(): void {
    this.#known.fill(-1);
  }

  read(access: TracedAccess): AccessReading {
    const { offset, width, value, kind, outcome } = access;
    const changes = kind === 'read' ? [] : this.#changes(access);
    if (kind === 'write' || outcome === 'done')
      for (let i = 0; i < width; i++)
        if (offset + i < this.#known.length) this.#known[offset + i] = (value >>> (i * 8)) & 0xff;
    return { access, registers: this.#covered(offset, width), changes };
  }

  #registerAt(offset: number): PresentRegister | undefined {
    return this.registers[this.#at[offset] ?? -1];
  }

  #covered(offset: number, width: number): string[] {
    const names: string[] = [];
    for (const part of this.#parts(offset, width)) {
      names.push(part.present?.name ?? unnamedPlace(part.offset, part.width));
    }
    return names;
  }

  /** The parts of an access: for each register that it covers one, and one for each byte run without a register. */
  #parts(offset: number, width: number): Part[] {
    const parts: Part[] = [];
    for (let at = offset; at < offset + width;) {
      const present = this.#registerAt(at);
      let end = at + 1;
      while (end < offset + width && this.#registerAt(end) === present) end++;
      const length = end - at;
      if (present !== undefined || isPlace(at, length)) parts.push({ present, offset: at, width: length });
      else for (let byte = at; byte < end; byte++) parts.push({ present, offset: byte, width: 1 });
      at = end;
    }
    return parts;
  }

  #changes(access: TracedAccess): AskedChange[] {
    const { offset, width, value, takes, outcome } = access;
    const taken = outcome === 'denied' ? 0 : takes;
    return this.#parts(offset, width).flatMap((part) => {
      const down = (part.offset - offset) * 8;
      const written = part.width === 4 ? value >>> 0 : (value >>> down) & (2 ** (part.width * 8) - 1);
      const allowed = part.width === 4 ? taken >>> 0 : (taken >>> down) & (2 ** (part.width * 8) - 1);
      return part.present === undefined
        ? this.#unnamedChange(part, written, allowed)
        : this.#fieldChanges(part, part.present, written, allowed);
    });
  }

  #unnamedChange({ offset, width }: Part, written: number, allowed: number): AskedChange[] {
    const from = this.#knownNumber(offset, width);
    if (from === written) return [];
    const refused = allowed === 0;
    return [{ name: unnamedPlace(offset, width), named: undefined, from, to: written, refused }];
  }

  #fieldChanges(
    { offset, width }: Part,
    present: PresentRegister,
    written: number,
    allowed: number,
  ): AskedChange[] {
    const up = (offset - present.offset) * 8;
    const covered = ((width === 4 ? 0xffff_ffff : 2 ** (width * 8) - 1) << up) >>> 0;
    const value = (written << up) >>> 0;
    const taken = (allowed << up) >>> 0;
    const before = this.#knownNumber(offset, width);
    const known = before === undefined ? undefined : (before << up) >>> 0;
    return present.register.fields.flatMap((field) => {
      const asked = askedBits(field, value, known) & covered & fieldMask(field);
      if (asked === 0) return [];
      return [
        {
          name: fieldName(present, field),
          named: { present, field },
          from: known === undefined ? undefined : fieldOf(known, field),
          to: fieldOf(value, field),
          refused: (asked & ~taken) !== 0,
        },
      ];
    });
  }

  #knownNumber(offset: number, width: number): number | undefined {
    let number = 0;
    for (let i = width - 1; i >= 0; i--) {
      const byte = this.#known[offset + i] ?? -1;
      if (byte < 0) return undefined;
      number = number * 256 + byte;
    }
    return number;
  }
}

interface Part {
  readonly present: PresentRegister | undefined;
  readonly offset: number;
  readonly width: number;
}

/** Bits that a write asks to change, of a field and beyond it. Hardware itself ignores a write of the other kinds. */
function askedBits({ access }: Field, value: number, known: number | undefined): number {
  if (access === 'w1c' || access === 'wo') return value;
  if (access !== 'rw') return 0;
  return known === undefined ? 0xffff_ffff : value ^ known;
}

/** An access of its own could reach it. */
function isPlace(offset: number, width: number): boolean {
  return (width === 1 || width === 2 || width === 4) && offset % width === 0;
}
