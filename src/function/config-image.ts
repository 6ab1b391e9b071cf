/** ConfigImage: configuration space with behaviour (write masks, write-1-to-clear, emulated BARs) over any base. */
import { allOnes, checkConfigAccess } from './config-access.js';
import type { ConfigSpace, ConfigWidth } from './function.js';

/** Bits of a register, as the image treats them. All masks are in the register's own position, low bit first. */
export interface ImageRegister {
  /** Dotted name of the register model, for traces and records. */
  readonly name: string;
  readonly offset: number;
  readonly width: ConfigWidth;
  /** Bits that the image holds itself; all others are the base's. */
  readonly virtual?: number;
  /** Value of the virtual bits at the start. */
  readonly initial?: number;
  /** Bits that a write may change, in the image or in the base, whichever holds them. */
  readonly writable?: number;
  /** Bits that a written 1 clears. In the base they are cleared by the base itself: a 1 is written and nothing read. */
  readonly clearable?: number;
  /** All bits of the base that a written 1 clears, allowed or not: they are never written back as they were read. */
  readonly hazard?: number;
  /** Computes the virtual bits at each read instead of the held value. */
  readonly read?: () => number;
  /**
   * Takes the write over: `value` holds the written bits where `mask` is set. Nothing else is done with the write;
   * the handler changes held bits through {@link ConfigImage.hold}.
   * @throws {ConfigAccessError} to refuse it.
   */
  readonly write?: (value: number, mask: number) => void;
  /** Bits that {@link write} does something with; all of the register where absent. */
  readonly takes?: number;
  /** What {@link read} and {@link write} remember, where they do: part of {@link ConfigImage.state}. */
  readonly memory?: { get(): number; set(value: number): void };
}

/** What an image holds itself, by the offsets of its registers. */
export type ImageState = Readonly<Record<number, number>>;

/** Called for each write, or part of one, that changed nothing because no register takes it. */
export type DroppedWrite = (
  offset: number,
  width: ConfigWidth,
  value: number,
  register: string | undefined,
) => void;

/**
 * Configuration space made of registers over a base. A read is at most one access of its own width to the base; a
 * write reaches the base register by register, with the width of the part that was written, so that a neighbour is
 * never rewritten. Without a base every bit is virtual and unlisted bytes read 0.
 */
export class ConfigImage implements ConfigSpace {
  readonly size: number;
  readonly #base: ConfigSpace | undefined;
  readonly #registers: readonly ImageRegister[];
  readonly #held: Uint32Array;
  /** Byte offset to 1 + index of the register that covers it, 0 for none. */
  readonly #at: Uint16Array;
  readonly #dropped: DroppedWrite | undefined;
  readonly #onChanged: (() => void) | undefined;

  /** @throws {RangeError} when registers overlap, are not aligned or do not fit: a fault of the caller, not of data. */
  constructor(options: {
    readonly size: number;
    readonly registers: readonly ImageRegister[];
    readonly base?: ConfigSpace;
    readonly onDropped?: DroppedWrite;
    /** Told after each write that changed {@link state}. */
    readonly onChanged?: () => void;
  }) {
    this.size = options.size;
    this.#base = options.base;
    this.#registers = options.registers;
    this.#dropped = options.onDropped;
    this.#onChanged = options.onChanged;
    this.#held = new Uint32Array(options.registers.length);
    this.#at = new Uint16Array(options.size);
    for (const [index, register] of options.registers.entries()) {
      const end = register.offset + register.width;
      if (register.offset % register.width !== 0 || end > options.size) {
        throw new RangeError(`register ${register.name} does not fit at 0x${register.offset.toString(16)}`);
      }
      for (let offset = register.offset; offset < end; offset++) {
        if (this.#at[offset] !== 0) throw new RangeError(`register ${register.name} overlaps another one`);
        this.#at[offset] = index + 1;
      }
      this.#held[index] = register.initial ?? 0;
    }
  }

  /** What another image of the same function must be given to go on as this one would. */
  get state(): ImageState {
    const state: Record<number, number> = {};
    for (const [index, register] of this.#registers.entries())
      if (this.#remembers(register)) state[register.offset] = this.#memory(index, register);
    return state;
  }

  /** Goes on from a {@link state}. What is not in it stays as it is, and what has no place here is passed over. */
  resume(state: ImageState): void {
    for (const [index, register] of this.#registers.entries()) {
      const value = state[register.offset];
      if (value === undefined || !this.#remembers(register)) continue;
      if (register.memory === undefined) this.#held[index] = value;
      else register.memory.set(value);
    }
  }

  #remembers({ memory, read, virtual = 0, writable = 0, clearable = 0 }: ImageRegister): boolean {
    if (memory !== undefined) return true;
    const own = this.#base === undefined ? 0xffff_ffff : virtual;
    return read === undefined && (own & (writable | clearable)) !== 0;
  }

  #memory(index: number, { memory }: ImageRegister): number {
    return memory === undefined ? (this.#held[index] ?? 0) : memory.get();
  }

  read(offset: number, width: ConfigWidth): number {
    checkConfigAccess('read', offset, width, this.size);
    const ones = allOnes(width);
    let virtualMask = 0;
    let virtualBits = 0;
    for (let at = offset; at < offset + width;) {
      const index = (this.#at[at] ?? 0) - 1;
      // Asked before the array is: an index of -1 takes the engine's slow way.
      const register = index < 0 ? undefined : this.#registers[index];
      if (register === undefined) {
        if (this.#base === undefined) virtualMask |= 0xff << ((at - offset) * 8);
        at += 1;
        continue;
      }
      const mask = this.#base === undefined ? allOnes(register.width) : (register.virtual ?? 0);
      if (mask !== 0) {
        const bits = (register.read !== undefined ? register.read() : (this.#held[index] ?? 0)) & mask;
        const shift = (register.offset - offset) * 8;
        virtualMask |= shift >= 0 ? mask << shift : mask >>> -shift;
        virtualBits |= shift >= 0 ? bits << shift : bits >>> -shift;
      }
      at = register.offset + register.width;
    }
    virtualMask = (virtualMask & ones) >>> 0;
    // A register that is wholly ours costs the hardware nothing.
    if (virtualMask === ones || this.#base === undefined) return (virtualBits & ones) >>> 0;
    return ((this.#base.read(offset, width) & ~virtualMask) | (virtualBits & virtualMask)) >>> 0;
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    checkConfigAccess('write', offset, width, this.size);
    let changed = false;
    try {
      for (let at = offset; at < offset + width;) {
        const index = (this.#at[at] ?? 0) - 1;
        const register = index < 0 ? undefined : this.#registers[index];
        if (register === undefined) {
          // Bytes without a register are reported together, up to the next register.
          let end = at + 1;
          while (end < offset + width && (this.#at[end] ?? 0) === 0) end++;
          this.#dropped?.(offset, width, value >>> 0, undefined);
          at = end;
          continue;
        }
        const before = this.#memory(index, register);
        this.#writeRegister(index, register, offset, width, value);
        changed ||= this.#memory(index, register) !== before;
        at = register.offset + register.width;
      }
    } finally {
      if (changed) this.#onChanged?.();
    }
  }

  /** Bits of a write there that something would come of, in the position of its value; all others are dropped. */
  takes(offset: number, width: ConfigWidth): number {
    checkConfigAccess('write', offset, width, this.size);
    let taken = 0;
    for (let at = offset; at < offset + width;) {
      const register = this.#registers[(this.#at[at] ?? 0) - 1];
      if (register === undefined) {
        at += 1;
        continue;
      }
      const { writable = 0, clearable = 0 } = register;
      const own =
        register.write === undefined ? writable | clearable : (register.takes ?? allOnes(register.width));
      const shift = (register.offset - offset) * 8;
      taken |= shift >= 0 ? own << shift : own >>> -shift;
      at = register.offset + register.width;
    }
    return (taken & allOnes(width)) >>> 0;
  }

  /** The held value of a register, as the last writes or {@link hold} left it. */
  held(name: string): number {
    return this.#held[this.#indexOf(name)] ?? 0;
  }

  /** Replaces the held bits of a register; the image's owner sets status bits and emulated values with it. */
  hold(name: string, value: number): void {
    this.#held[this.#indexOf(name)] = value >>> 0;
  }

  #indexOf(name: string): number {
    const index = this.#registers.findIndex((register) => register.name === name);
    if (index < 0) throw new RangeError(`the image has no register ${name}`);
    return index;
  }

  /** Applies the part of a write that covers one register. */
  #writeRegister(
    index: number,
    register: ImageRegister,
    offset: number,
    width: ConfigWidth,
    written: number,
  ): void {
    const shift = (offset - register.offset) * 8;
    const ones = allOnes(register.width);
    const covered = allOnes(width);
    const mask = ((shift >= 0 ? covered << shift : covered >>> -shift) & ones) >>> 0;
    const value = ((shift >= 0 ? written << shift : written >>> -shift) & mask) >>> 0;
    if (register.write !== undefined) {
      register.write(value, mask);
      return;
    }
    const writable = register.writable ?? 0;
    const clearable = register.clearable ?? 0;
    if (((writable | clearable) & mask) === 0) {
      this.#dropped?.(offset, width, written >>> 0, register.name);
      return;
    }
    const virtual = this.#base === undefined ? ones : (register.virtual ?? 0);
    const heldMask = mask & virtual;
    let held = this.#held[index] ?? 0;
    held = (held & ~(heldMask & writable)) | (value & heldMask & writable);
    held &= ~(value & heldMask & clearable);
    this.#held[index] = held;
    this.#writeBase(register, value, mask, writable & ~virtual, clearable & ~virtual);
  }

  /** Writes the base with the width of the covered part; bits that may not change keep what the base has. */
  #writeBase(
    register: ImageRegister,
    value: number,
    mask: number,
    writable: number,
    clearable: number,
  ): void {
    if (this.#base === undefined || ((writable | clearable) & mask) === 0) return;
    const firstByte = mask === 0 ? 0 : (31 - Math.clz32(mask & -mask)) >> 3;
    const lastByte = (31 - Math.clz32(mask)) >> 3;
    const width = (lastByte - firstByte + 1) as ConfigWidth;
    const at = register.offset + firstByte;
    const down = firstByte * 8;
    const covered = allOnes(width);
    const mayChange = (writable >>> down) & covered;
    const mayClear = (clearable >>> down) & covered;
    let next = (value >>> down) & (mayChange | mayClear);
    // Nothing to change and nothing to clear: the register is left alone.
    if ((mayChange & (mask >>> down)) === 0 && next === 0) return;
    const kept = covered & ~(mayChange | mayClear);
    if (kept !== 0) next |= this.#base.read(at, width) & kept & ~((register.hazard ?? 0) >>> down);
    this.#base.write(at, width, next >>> 0);
  }
}
