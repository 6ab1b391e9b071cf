/** The MSI-X capability of a simulated function: its vector table and pending bits in a BAR, and its messages. */
import type { ConfigSpace } from '../../../function/index.js';
import { CapabilityId, msix, MSIX_ENTRY_BYTES, MsixControl } from '../../../pci/index.js';
import { tableRegisters, type CapabilityPlan } from './config-registers.js';
import type { FunctionShape } from '../device-model.js';
import type { SendMessage } from './msi.js';

/** 32-bit words of a table entry: address, its upper half, data, vector control. */
const ENTRY_WORDS = 4;
const CONTROL = 3;
const MASKED = 1;

export class MsixCapability {
  readonly vectors: number;
  readonly region: number;
  readonly #table: number;
  readonly #tableEnd: number;
  readonly #pba: number;
  readonly #pbaEnd: number;
  readonly #send: SendMessage;
  readonly #entries: Uint32Array;
  readonly #pending: Uint32Array;
  #enabled = false;
  #functionMask = false;

  constructor(shape: NonNullable<FunctionShape['msix']>, send: SendMessage) {
    this.vectors = shape.vectors;
    this.region = shape.region;
    this.#table = shape.table;
    this.#tableEnd = shape.table + shape.vectors * MSIX_ENTRY_BYTES;
    this.#pba = shape.pending;
    // Whole words of 64 bits.
    this.#pbaEnd = shape.pending + Math.ceil(shape.vectors / 64) * 8;
    this.#send = send;
    this.#entries = new Uint32Array(shape.vectors * ENTRY_WORDS);
    this.#pending = new Uint32Array((this.#pbaEnd - this.#pba) / 4);
    this.reset();
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get plan(): CapabilityPlan {
    return {
      id: CapabilityId.msix,
      bytes: 12,
      registers: (base, next) =>
        tableRegisters(msix, base, {
          list: { initial: (next << 8) | CapabilityId.msix },
          control: { initial: this.vectors - 1 },
          table: { initial: this.#table | this.region },
          pba: { initial: this.#pba | this.region },
        }),
    };
  }

  /** Where entry `vector` stands in the region. */
  entryOffset(vector: number): number {
    return this.#table + vector * MSIX_ENTRY_BYTES;
  }

  reset(): void {
    this.#entries.fill(0);
    this.#pending.fill(0);
    for (let vector = 0; vector < this.vectors; vector++) {
      this.#entries[vector * ENTRY_WORDS + CONTROL] = MASKED;
    }
  }

  refresh(config: ConfigSpace, base: number): void {
    const control = config.read(base + 2, 2);
    this.#enabled = (control & MsixControl.enable) !== 0;
    this.#functionMask = (control & MsixControl.maskAll) !== 0;
    this.#sendPending();
  }

  /** Whether an access to the capability's region is the machine's. */
  covers(offset: number): boolean {
    return (
      (offset >= this.#table && offset < this.#tableEnd) || (offset >= this.#pba && offset < this.#pbaEnd)
    );
  }

  read(offset: number, width: 1 | 2 | 4): number {
    const inTable = offset >= this.#table && offset < this.#tableEnd;
    const at = offset - (inTable ? this.#table : this.#pba);
    const word = (inTable ? this.#entries[at >> 2] : this.#pending[at >> 2]) ?? 0;
    const shifted = word >>> ((at & 3) * 8);
    return width === 4 ? shifted : shifted & (width === 2 ? 0xffff : 0xff);
  }

  /** The pending bits cannot be written. */
  write(offset: number, width: 1 | 2 | 4, value: number): void {
    if (offset < this.#table || offset >= this.#tableEnd) return;
    const at = offset - this.#table;
    const index = at >> 2;
    const shift = (at & 3) * 8;
    const mask = width === 4 ? 0xffff_ffff : (width === 2 ? 0xffff : 0xff) << shift;
    const merged = ((this.#entries[index] ?? 0) & ~mask) | ((value << shift) & mask);
    const field = index % ENTRY_WORDS;
    // Address bits 1:0 and the control bits beside the mask are reserved.
    this.#entries[index] = field === 0 ? merged & ~3 : field === CONTROL ? merged & MASKED : merged;
    if (field === CONTROL) this.#sendPending();
  }

  /** @throws {RangeError} the function has no such vector: a fault of its model. */
  raise(vector: number): void {
    if (!(vector >= 0 && vector < this.vectors)) throw new RangeError(`there is no vector ${vector}`);
    if (this.#functionMask || this.#masked(vector)) {
      this.#pending[vector >> 5] = (this.#pending[vector >> 5] ?? 0) | (1 << (vector & 31));
    } else {
      this.#deliver(vector);
    }
  }

  #masked(vector: number): boolean {
    return ((this.#entries[vector * ENTRY_WORDS + CONTROL] ?? MASKED) & MASKED) !== 0;
  }

  #deliver(vector: number): void {
    const at = vector * ENTRY_WORDS;
    const [low = 0, high = 0, data = 0] = [this.#entries[at], this.#entries[at + 1], this.#entries[at + 2]];
    this.#send(high * 0x1_0000_0000 + low, data);
  }

  #sendPending(): void {
    if (!this.#enabled || this.#functionMask) return;
    for (let word = 0; word < this.#pending.length; word++) {
      for (let bits = this.#pending[word] ?? 0; bits !== 0; bits &= bits - 1) {
        const bit = 31 - Math.clz32(bits & -bits);
        const vector = word * 32 + bit;
        if (this.#masked(vector)) continue;
        this.#pending[word] = (this.#pending[word] ?? 0) & ~(1 << bit);
        this.#deliver(vector);
      }
    }
  }
}
