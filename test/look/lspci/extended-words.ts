/** What the writer of an extended capability makes of bytes; for tests only. */
import { CapabilityView } from '../../../src/look/lspci/capability-view.js';
import { extendedWriters } from '../../../src/look/lspci/extended/index.js';

/** An endpoint without anything that the words of a capability could depend on. */
const FUNCTION = {
  vendor: 0x1234,
  device: 0x5678,
  classCode: 0,
  layout: 0,
  slot: 0,
  function: 0,
  hasMemoryBar: false,
  vpd: undefined,
};
const BASE = 0x100;

export interface Shown {
  /** Default 3. */
  readonly verbosity?: number;
  /** Bytes of configuration space that can be read; default all 4096. */
  readonly size?: number;
}

/**
 * The text behind `Capabilities: [100 v1] ` of a capability that stands at 0x100, as its lines.
 * @param registers dwords by their offset in the capability; the others read 0.
 * @throws {RangeError} nobody writes that capability.
 */
export function extendedWords(
  id: number,
  registers: Readonly<Record<number, number>>,
  { verbosity = 3, size = 4096 }: Shown = {},
): string[] {
  const config = new Uint8Array(4096);
  const words = new DataView(config.buffer);
  words.setUint32(BASE, id | (1 << 16), true);
  for (const [offset, value] of Object.entries(registers))
    words.setUint32(BASE + Number(offset), value, true);
  const write = extendedWriters.get(id);
  if (write === undefined) throw new RangeError(`nobody writes capability 0x${id.toString(16)}`);
  const view = new CapabilityView(config.subarray(0, size), BASE, FUNCTION, verbosity, 0);
  const text = write(view, { subsystem: () => '' });
  return text.slice(0, -1).split('\n');
}
