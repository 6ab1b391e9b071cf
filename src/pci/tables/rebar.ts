/** Register tables of resizable BARs: of a function, and of its virtual functions. */
import { bits, extendedCapability, hex, placed, power2, register } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

/** A function has six BARs. */
const MOST_BARS = 6;

/** The first control register tells how many BARs there are; it is there even when that number cannot be. */
function entries(bytes: RegisterReader): number {
  const count = (bytes.read(0x08, 4) >>> 5) & 7;
  return Math.min(Math.max(count, 1), MOST_BARS);
}

function entryAt(first: number): (bytes: RegisterReader, index: number) => number | undefined {
  return (bytes, index) => (index < entries(bytes) ? first + index * 8 : undefined);
}

function resizable(name: string, title: string, source: string): RegisterTable {
  return {
    name,
    title,
    source,
    registers: [
      extendedCapability(),
      placed(
        register(0x04, 4, 'cap', 'Resizable BAR capability', [
          bits(31, 4, 'sizes', 'Supported sizes, bit n for 1 MB << n', 'ro', hex()),
        ]),
        MOST_BARS,
        8,
        entryAt(0x04),
      ),
      placed(
        register(0x08, 4, 'control', 'Resizable BAR control', [
          bits(2, 0, 'bar', 'BAR index'),
          bits(7, 5, 'count', 'Number of resizable BARs; of the first entry'),
          bits(13, 8, 'size', 'BAR size', 'rw', power2(1, 'MB')),
          bits(31, 16, 'large_sizes', 'Supported sizes, bit n for 256 TB << n', 'ro', hex()),
        ]),
        MOST_BARS,
        8,
        entryAt(0x08),
      ),
    ],
  };
}

export const rebar = resizable('rebar', 'Resizable BAR', 'PCI Express Base 6.0, 7.8.6');

export const vfRebar = resizable('vf_rebar', 'VF Resizable BAR', 'PCI Express Base 6.0, 7.8.7');
