/** Functions as a server has them, with 4096 bytes each: ports and endpoints, whose registers are filled by chance. */
import { formatDump, withConfigAlone } from '../src/machines/capture/index.js';
import { PciAddress } from '../src/pci/index.js';
import { Packer, type Header } from '../lab/lspci/spaces/frame.js';
import { Random } from '../lab/lspci/spaces/random.js';

const ENDPOINT: Header = { vendor: 0x8086, device: 0x1572, classCode: 0x0200, layout: 0, portType: 0 };
const PORT: Header = { vendor: 0x8086, device: 0x2030, classCode: 0x0604, layout: 1, portType: 4 };

/** Ids and bytes of the extended list: errors, serial number, ACS, ARI, SR-IOV, LTR, secondary, L1 substates, 16 GT/s. */
const EXTENDED: readonly (readonly [number, number])[] = [
  [0x01, 0x48],
  [0x03, 0x0c],
  [0x0d, 0x08],
  [0x0e, 0x08],
  [0x10, 0x40],
  [0x18, 0x08],
  [0x19, 0x20],
  [0x1e, 0x10],
  [0x26, 0x28],
];
/** Power management, MSI and MSI-X behind the Express capability at 48h. */
const STANDARD: readonly (readonly [number, number])[] = [
  [0x01, 0x90],
  [0x05, 0xa0],
  [0x11, 0xc0],
];
const EXPRESS = 0x48;

/** The dump of `count` functions from number `first` on; the same number is the same function each time. */
export function functionSpaces(first: number, count: number): string {
  const functions = Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const address = new PciAddress(number >> 13, (number >> 5) & 0xff, number & 0x1f, 0);
    return withConfigAlone(address, spaceOf(number));
  });
  return formatDump({ machine: 'made up', taken: undefined, functions });
}

function spaceOf(number: number): Uint8Array {
  const random = new Random(number + 1);
  const packer = new Packer(number % 4 === 0 ? PORT : ENDPOINT, 'extended');
  for (const [id, length] of EXTENDED) packer.add({ id, version: 1, bytes: random.bytes(length) });
  const space = packer.spaces[0] ?? new Uint8Array();
  let last = EXPRESS;
  for (const [id, at] of STANDARD) {
    space.set(random.bytes(0x10), at);
    space.set([id, 0], at);
    space[last + 1] = at;
    last = at;
  }
  return space;
}
