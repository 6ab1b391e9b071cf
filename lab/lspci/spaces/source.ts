/** One thing that every lspci and our own text are asked about: a dump of functions, and where it comes from. */
import { formatDump, withConfigAlone } from '../../../src/machines/capture/index.js';
import { PciAddress } from '../../../src/pci/index.js';

export interface SpaceSource {
  /** As totals name it: sources of one kind are counted together. */
  readonly kind: 'QEMU' | 'host' | 'corpus' | 'synthetic' | 'damaged';
  readonly name: string;
  /** The text of the dump. */
  readonly dump: string;
  /** Ask for the verbosities alone: what other switches print of it, they print of the other sources too. */
  readonly decodingOnly: boolean;
}

/** The address of function number `index` of many that are made: as many buses and domains as are needed. */
function addressOf(index: number): PciAddress {
  return new PciAddress(index >> 13, (index >> 5) & 0xff, index & 0x1f, 0);
}

/** A dump of made-up spaces, each a function of its own. */
export function dumpOf(spaces: readonly Uint8Array[]): string {
  const functions = spaces.map((config, index) => withConfigAlone(addressOf(index), config));
  return formatDump({ machine: 'made up', taken: undefined, functions });
}
