/** Configuration space around made-up capabilities: a header that announces them, and the two lists that are linked. */

/** What the words of capabilities depend on besides their own bytes. */
export interface Header {
  readonly vendor: number;
  readonly device: number;
  /** 16 bits: base class and subclass. */
  readonly classCode: number;
  /** 0 to 2. */
  readonly layout: number;
  /** Device/port type of an Express capability that is put in for the extended list; undefined: none is. */
  readonly portType: number | undefined;
}

/** One capability that is to stand in a list: its bytes from its own start, the two or four of the list included. */
export interface Placed {
  readonly id: number;
  /** Of an extended one. */
  readonly version: number;
  readonly bytes: Uint8Array;
}

const [STANDARD_START, STANDARD_END] = [0x48, 0x100];
const [EXTENDED_START, EXTENDED_END] = [0x100, 0x1000];
const EXPRESS_ID = 0x10;
/** Four lanes at 16 GT/s: some capabilities have something for each lane. */
const [LINK_CAPABILITIES, LINK] = [0x0c, 0x0000_0044];

/** Fills functions with capabilities, as many in each as find room; those that one function has share its header. */
export class Packer {
  readonly spaces: Uint8Array[] = [];
  readonly #header: Header;
  readonly #list: 'standard' | 'extended';
  #open: Uint8Array | undefined;
  #at = 0;
  /** Where the pointer to the next one stands; 0 before the first. */
  #last = 0;

  constructor(header: Header, list: 'standard' | 'extended') {
    this.#header = header;
    this.#list = list;
  }

  add(capability: Placed): void {
    const length = (capability.bytes.length + 3) & ~3;
    const end = this.#list === 'standard' ? STANDARD_END : EXTENDED_END;
    if (this.#open === undefined || this.#at + length > end) this.#begin();
    const open = this.#open ?? new Uint8Array();
    const at = this.#at;
    open.set(capability.bytes.subarray(0, open.length - at), at);
    if (this.#list === 'standard') {
      open[at] = capability.id;
      open[at + 1] = 0;
      open[this.#last === 0 ? pointerOf(this.#header) : this.#last + 1] = at;
    } else {
      const view = new DataView(open.buffer);
      view.setUint32(at, ((capability.version << 16) | capability.id) >>> 0, true);
      if (this.#last !== 0)
        view.setUint32(this.#last, (view.getUint32(this.#last, true) | (at << 20)) >>> 0, true);
    }
    this.#last = at;
    this.#at += length;
  }

  #begin(): void {
    this.spaces.push((this.#open = functionSpace(this.#header, this.#list)));
    this.#at = this.#list === 'extended' ? EXTENDED_START : STANDARD_START;
    this.#last = 0;
  }
}

/** A function for capabilities of that list: its header, and the Express capability that the extended list goes with. */
export function functionSpace(header: Header, list: 'standard' | 'extended'): Uint8Array {
  const space = headerSpace(header, list === 'extended' ? EXTENDED_END : STANDARD_END);
  if (header.portType === undefined || list === 'standard') return space;
  space[pointerOf(header)] = STANDARD_START;
  space.set([EXPRESS_ID, 0, 0x02 | (header.portType << 4), 0], STANDARD_START);
  new DataView(space.buffer).setUint32(STANDARD_START + LINK_CAPABILITIES, LINK, true);
  return space;
}

/** Where the standard list begins. */
function pointerOf({ layout }: Header): number {
  return layout === 2 ? 0x14 : 0x34;
}

/** A function with that header and nothing behind it; its first BAR is of memory. */
export function headerSpace({ vendor, device, classCode, layout }: Header, size: number): Uint8Array {
  const space = new Uint8Array(size);
  const view = new DataView(space.buffer);
  view.setUint16(0x00, vendor, true);
  view.setUint16(0x02, device, true);
  // Memory, bus master; a capability list.
  view.setUint16(0x04, 0x0006, true);
  view.setUint16(0x06, 0x0010, true);
  view.setUint16(0x0a, classCode, true);
  view.setUint8(0x0e, layout);
  view.setUint32(0x10, 0xfe00_0000, true);
  return space;
}
