/** Register tables of the enhanced allocation capability: entries of 2 to 5 dwords, one behind the other. */
import { bits, capabilityList, flag, hex, number, placed, register, values, whole } from '../fields.js';
import type { Field, Register, RegisterReader, RegisterTable } from '../registers.js';

const SOURCE = 'PCI Express Base 6.0, 7.8.5';
const MOST_ENTRIES = 63;
const WIDE = 2;
/** A capability of the list stands in the first 256 bytes. */
const CONFIG_END = 0x100;

const INDICATORS = values({
  0: 'BAR 0',
  1: 'BAR 1',
  2: 'BAR 2',
  3: 'BAR 3',
  4: 'BAR 4',
  5: 'BAR 5',
  6: 'behind the function',
  7: 'not indicated',
  8: 'expansion ROM',
  9: 'VF BAR 0',
  10: 'VF BAR 1',
  11: 'VF BAR 2',
  12: 'VF BAR 3',
  13: 'VF BAR 4',
  14: 'VF BAR 5',
});

const PROPERTIES = values({
  0x00: 'memory, not prefetchable',
  0x01: 'memory, prefetchable',
  0x02: 'I/O',
  0x03: 'memory of virtual functions, prefetchable',
  0x04: 'memory of virtual functions, not prefetchable',
  0x05: 'memory behind the bridge, not prefetchable',
  0x06: 'memory behind the bridge, prefetchable',
  0x07: 'I/O behind the bridge',
  0xfd: 'memory, unavailable',
  0xfe: 'I/O, unavailable',
  0xff: 'unavailable',
});

/**
 * Where entry number `index` starts; undefined past the last one. Each entry's first dword says how many follow it. Every
 * register of an entry asks, so what one reader tells is read once.
 */
function entryStarts(first: number): (bytes: RegisterReader, index: number) => number | undefined {
  const known = new WeakMap<RegisterReader, readonly number[]>();
  return (bytes, index) => {
    let starts = known.get(bytes);
    if (starts === undefined) known.set(bytes, (starts = startsIn(bytes, first)));
    return starts[index];
  };
}

function startsIn(bytes: RegisterReader, first: number): readonly number[] {
  const starts: number[] = [];
  const count = bytes.read(2, 1) & 0x3f;
  for (let at = first; starts.length < count && at < CONFIG_END; at += 4 + (bytes.read(at, 1) & 7) * 4)
    starts.push(at);
  return starts;
}

/** A dword of an entry, by its number in it; undefined where the entry is shorter. */
type Dword = (bytes: RegisterReader, entry: number) => number;

/** The lower half of an address; its upper half stands at the end of the entry. */
function address(): Field[] {
  return [flag(1, 'wide', '64 bits'), bits(31, 2, 'address', 'Address bits 31:2', 'rw', hex(2))];
}

function entries(first: number): Register[] {
  const entryStart = entryStarts(first);
  const dword =
    (number: Dword, wide?: Dword) =>
    (bytes: RegisterReader, index: number): number | null | undefined => {
      const at = entryStart(bytes, index);
      if (at === undefined) return undefined;
      const which = number(bytes, at);
      if (which > (bytes.read(at, 1) & 7)) return null;
      if (wide !== undefined && (bytes.read(at + 4 * wide(bytes, at), 4) & WIDE) === 0) return null;
      return at + 4 * which;
    };
  const base: Dword = () => 1;
  const most: Dword = () => 2;
  const baseUpper: Dword = () => 3;
  const mostUpper: Dword = (bytes, at) => ((bytes.read(at + 4, 4) & WIDE) === 0 ? 3 : 4);
  const each = (made: Register, place: ReturnType<typeof dword>) => placed(made, MOST_ENTRIES, 4, place);
  return [
    each(
      register(first, 4, 'entry', 'Entry', [
        bits(2, 0, 'size', 'Dwords that follow', 'ro', number('dwords')),
        bits(7, 4, 'indicator', 'BAR equivalent indicator', 'ro', INDICATORS),
        bits(15, 8, 'primary', 'Primary properties', 'ro', PROPERTIES),
        bits(23, 16, 'secondary', 'Secondary properties', 'ro', PROPERTIES),
        flag(30, 'writable', 'Writable'),
        flag(31, 'enable', 'Enable', 'rw'),
      ]),
      (bytes, index) => entryStart(bytes, index),
    ),
    each(register(first + 4, 4, 'base', 'Base', address()), dword(base)),
    each(register(first + 8, 4, 'max_offset', 'Offset of its last dword', address()), dword(most)),
    each(whole(first + 12, 4, 'base_upper', 'Base, upper half', 'rw'), dword(baseUpper, base)),
    each(
      whole(first + 12, 4, 'max_offset_upper', 'Offset of its last dword, upper half', 'rw'),
      dword(mostUpper, most),
    ),
  ];
}

function head(): Register[] {
  return [
    capabilityList(),
    register(2, 1, 'count', 'Number of entries', [bits(5, 0, 'entries', 'Entries', 'ro', number())]),
  ];
}

export const ea: RegisterTable = {
  name: 'ea',
  title: 'Enhanced Allocation',
  source: SOURCE,
  registers: [...head(), ...entries(4)],
};

export const eaBridge: RegisterTable = {
  name: 'ea_bridge',
  title: 'Enhanced Allocation of a bridge',
  source: SOURCE,
  registers: [
    ...head(),
    whole(4, 1, 'secondary', 'Fixed secondary bus number', 'ro', hex()),
    whole(5, 1, 'subordinate', 'Fixed subordinate bus number', 'ro', hex()),
    ...entries(8),
  ],
};
