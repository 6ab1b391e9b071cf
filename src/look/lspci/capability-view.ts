/** One capability while lspci's words for it are written: its bytes, the function that it is of, and the text so far. */
import type { RegisterReader } from '../../pci/index.js';

/** What the words of some capabilities depend on besides their own bytes. */
export interface FunctionContext {
  readonly vendor: number;
  readonly device: number;
  /** 16 bits: base class and subclass. */
  readonly classCode: number;
  /** Header layout, 0 to 2. */
  readonly layout: number;
  /** Device and function number of its address, as the words of links depend on them. */
  readonly slot: number;
  readonly function: number;
  /** At least one BAR is of memory. */
  readonly hasMemoryBar: boolean;
  /** Vital product data; undefined where none can be read. */
  readonly vpd: Uint8Array | undefined;
}

export class CapabilityView implements RegisterReader {
  readonly #config: Uint8Array;
  /** Where it stands in configuration space. */
  readonly base: number;
  readonly fn: FunctionContext;
  /** How much is asked for: 1 (-v), 2 or 3. */
  readonly verbosity: number;
  /** Device/port type of the function's Express capability, which extended ones depend on; -1 without one. */
  readonly portType: number;

  constructor(config: Uint8Array, base: number, fn: FunctionContext, verbosity: number, portType: number) {
    this.#config = config;
    this.base = base;
    this.fn = fn;
    this.verbosity = verbosity;
    this.portType = portType;
  }

  /** An unsigned little-endian number at an offset of the capability; all ones where not all of it could be read. */
  read(offset: number, width: 1 | 2 | 4): number {
    const config = this.#config;
    const at = this.base + offset;
    if (at + width > config.length) return width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff;
    if (width === 1) return config[at] ?? 0xff;
    const low = (config[at] ?? 0xff) | ((config[at + 1] ?? 0xff) << 8);
    if (width === 2) return low;
    return (low | ((config[at + 2] ?? 0xff) << 16) | ((config[at + 3] ?? 0xff) << 24)) >>> 0;
  }

  /** The view from a place in the capability, for words of a register that is there several times. */
  from(offset: number): CapabilityView {
    return new CapabilityView(this.#config, this.base + offset, this.fn, this.verbosity, this.portType);
  }

  /** Whether all of those bytes of the capability could be read. */
  has(offset: number, bytes: number): boolean {
    return this.base + offset + bytes <= this.#config.length;
  }
}

/**
 * Writes a capability as lspci does: the rest of the line that begins with `Capabilities: [40] `, its line end, and the
 * lines below it. The names of subsystems are the only names of ids that one needs.
 */
export type CapabilityWriter = (view: CapabilityView, names: SubsystemNames) => string;

export interface SubsystemNames {
  /** `Vendor Name Device Name` in the notation that was asked for. */
  subsystem(vendor: number, device: number): string;
}
