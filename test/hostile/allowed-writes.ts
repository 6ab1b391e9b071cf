/**
 * What may reach the configuration space of a function in a guest's hands, as a table of its own: Linux's xen-pciback
 * and the PCI specifications say it, not the code under test.
 */

export interface ConfigWrite {
  readonly offset: number;
  readonly width: 1 | 2 | 4;
  readonly value: number;
}

/** Reads the function's registers below everything. */
export type ReadHardware = (offset: number, width: 1 | 2 | 4) => number;

/**
 * Who writes: a guest's conf_write; its interrupt operations; any of its requests, where it is not known which; or
 * nobody's request: a step of the tool stack, the back end or the pool.
 */
export type Cause = 'write' | 'interrupts' | 'request' | 'step';

const [MSI, MSIX, PM, PCIE, VPD] = [0x05, 0x11, 0x01, 0x10, 0x03];
const [COMMAND, CACHE_LINE, BIST] = [0x04, 0x0c, 0x0f];
/** Bits of Command: what a guest changes; decoding, which it has switched on and never off; the pin's. */
const [MASTER_AND_INVALIDATE, DECODE, INTX_DISABLE] = [0x0014, 0x0003, 0x0400];
const MESSAGES = 0xfee0_0000;
const SPACE = 256;

/** Capabilities by id, by a walk of this file's own. */
export function capabilities(read: ReadHardware): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  if ((read(0x06, 2) & 0x10) === 0) return found;
  for (let at = read(0x34, 1) & 0xfc, steps = 0; at >= 0x40 && steps < 48; steps++) {
    found.set(read(at, 1), at);
    at = read(at + 1, 1) & 0xfc;
  }
  return found;
}

/** Where the number of a function's message stands, which depends on what others have. */
export function messageNumber(read: ReadHardware): number | undefined {
  const msi = capabilities(read).get(MSI);
  return msi === undefined ? undefined : msi + ((read(msi + 2, 2) & 0x80) !== 0 ? 12 : 8);
}

/** The judge of one function's writes. */
export class AllowedWrites {
  readonly #read: ReadHardware;
  readonly #at: ReadonlyMap<number, number>;
  /** As the host had it before anybody was given it. */
  readonly #boot = new Uint8Array(SPACE);
  /** As it stood before the write that is judged. */
  readonly #before = new Uint8Array(SPACE);

  constructor(read: ReadHardware) {
    this.#read = read;
    this.#at = capabilities(read);
    for (let offset = 0; offset < SPACE; offset++) this.#boot[offset] = read(offset, 1);
    this.#before.set(this.#boot);
  }

  /** Why a write that has just reached the function must not have; undefined when it may. */
  refusal(cause: Cause, write: ConfigWrite): string | undefined {
    const before = this.#value(this.#before, write);
    for (let byte = 0; byte < write.width; byte++)
      this.#before[write.offset + byte] = this.#read(write.offset + byte, 1);
    const allowed =
      cause === 'request'
        ? this.#byWrite(write, before) || this.#byInterrupts(write, before)
        : cause === 'write'
          ? this.#byWrite(write, before)
          : cause === 'interrupts'
            ? this.#byInterrupts(write, before)
            : this.#byStep(write, before);
    if (allowed) return undefined;
    const { offset, width, value } = write;
    return `0x${value.toString(16)} reached ${width} bytes at 0x${offset.toString(16)}, which held 0x${before.toString(16)} (${cause})`;
  }

  #value(space: Uint8Array, { offset, width }: ConfigWrite): number {
    let value = 0;
    for (let byte = width - 1; byte >= 0; byte--) value = value * 256 + (space[offset + byte] ?? 0);
    return value;
  }

  #byWrite({ offset, width, value }: ConfigWrite, before: number): boolean {
    const [pm, vpd] = [this.#at.get(PM), this.#at.get(VPD)];
    const changed = value ^ before;
    if (offset === COMMAND && width === 2)
      return (changed & ~(MASTER_AND_INVALIDATE | DECODE)) === 0 && (before & DECODE & ~value) === 0;
    if (offset === CACHE_LINE) return width === 1;
    if (offset === BIST) return width === 1 && (changed & ~0xc0) === 0 && (value & 0x40) !== 0;
    // No wake-up, and D0; what is left is the choice of data, and the status that a 1 clears.
    if (pm !== undefined && offset === pm + 4) return width === 2 && (value & 0x0103) === 0;
    if (pm !== undefined && offset === pm + 5) return width === 1 && (value & 0x01) === 0;
    return vpd !== undefined && offset === vpd + 2 && width === 2 && (value & 0x8000) === 0;
  }

  #byInterrupts({ offset, width, value }: ConfigWrite, before: number): boolean {
    const [msi, msix] = [this.#at.get(MSI), this.#at.get(MSIX)];
    const changed = value ^ before;
    if (offset === COMMAND) return width === 2 && (changed & ~INTX_DISABLE) === 0;
    if (msix !== undefined && offset === msix + 2) return width === 2 && (changed & ~0xc000) === 0;
    if (msi === undefined) return false;
    const wide = (this.#read(msi + 2, 2) & 0x80) !== 0;
    if (offset === msi + 2) return width === 2 && (changed & ~0x0001) === 0;
    // Written by the hypervisor: where interrupts are, and which of them.
    if (offset === msi + 4) return width === 4 && (value & 0xfff0_0000) >>> 0 === MESSAGES;
    if (wide && offset === msi + 8) return width === 4 && value === 0;
    return offset === msi + (wide ? 12 : 8) && width === 2;
  }

  /** Command, interrupts off, a reset, and what was there at boot. */
  #byStep(write: ConfigWrite, before: number): boolean {
    const { offset, width, value } = write;
    const [msi, msix, pm, pcie] = [
      this.#at.get(MSI),
      this.#at.get(MSIX),
      this.#at.get(PM),
      this.#at.get(PCIE),
    ];
    const changed = value ^ before;
    const boot = this.#value(this.#boot, write);
    // A reset ends with what stood there before it, and a return with what stood there at boot.
    if (value === boot || changed === 0) return true;
    if (offset === COMMAND && width === 2) return (changed & ~(0x0447 | boot)) === 0;
    if (msi !== undefined && offset === msi + 2) return changed === 0x0001 && (value & 0x0001) === 0;
    if (msix !== undefined && offset === msix + 2) return (changed & ~0xc000) === 0 && (value & 0xc000) === 0;
    if (pcie !== undefined && offset === pcie + 8) return ((value ^ boot) & ~0x8000) === 0;
    return pm !== undefined && offset === pm + 4 && (value & 0x0100) === 0;
  }
}
