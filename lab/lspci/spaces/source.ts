/** One thing that every lspci and our own text are asked about: a dump of functions, and where it comes from. */
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
export function addressOf(index: number): PciAddress {
  return new PciAddress(index >> 13, (index >> 5) & 0xff, index & 0x1f, 0);
}

/** A dump of made-up spaces, each a function of its own. */
export function dumpOf(spaces: readonly Uint8Array[]): string {
  const domains = spaces.length > 1 << 13;
  return spaces
    .map((bytes, index) => {
      const address = String(addressOf(index));
      return `${domains ? address : address.slice(5)} made up\n${rows(bytes)}\n`;
    })
    .join('');
}

const BYTE = Array.from({ length: 256 }, (_, byte) => ` ${byte.toString(16).padStart(2, '0')}`);

function rows(bytes: Uint8Array): string {
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 16) {
    text += `${offset.toString(16).padStart(2, '0')}:`;
    for (const byte of bytes.subarray(offset, offset + 16)) text += BYTE[byte] ?? '';
    text += '\n';
  }
  return text;
}
