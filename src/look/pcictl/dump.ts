/** `pcictl dump`: the first 256 bytes of a function, raw and decoded, as NetBSD 7.99 prints them (sys/dev/pci/pci_subr.c). */
import { hexNumber, type PciNames, type RegisterReader } from '../../pci/index.js';
import { DumpedSpace } from './bus.js';
import {
  advancedFeaturesLines,
  agpLines,
  debugPortLines,
  msiLines,
  msiXLines,
  pciXBridgeLines,
  pciXLines,
  powerLines,
  subsystemLines,
  vendorLines,
} from './capability-lines.js';
import { expressLines } from './express-lines.js';
import { bridgeLines, cardBusLines, commonLines, deviceLines } from './header-lines.js';
import type { Lines } from './lines.js';

interface Layout {
  readonly name: string;
  readonly lines: (space: DumpedSpace) => string;
  /** Where the pointer to the first capability stands. */
  readonly list: number;
  /** Bytes of the header. */
  readonly end: number;
}

const LAYOUTS: Readonly<Record<number, Layout>> = {
  0: { name: '"normal" device', lines: deviceLines, list: 0x34, end: 64 },
  1: { name: 'PCI-PCI bridge', lines: bridgeLines, list: 0x34, end: 64 },
  2: { name: 'PCI-CardBus bridge', lines: cardBusLines, list: 0x14, end: 72 },
};

interface CapabilityWords {
  readonly name: string;
  readonly lines?: Lines;
}

/** By id, which is the order in which they are decoded. */
const CAPABILITIES: readonly CapabilityWords[] = [
  { name: 'reserved' },
  { name: 'Power Management', lines: powerLines },
  { name: 'AGP', lines: agpLines },
  { name: 'VPD' },
  { name: 'SlotID' },
  { name: 'MSI', lines: msiLines },
  { name: 'CompactPCI Hot-swapping' },
  { name: 'PCI-X', lines: pciXLines },
  { name: 'HyperTransport' },
  { name: 'Vendor-specific', lines: vendorLines },
  { name: 'Debug Port', lines: debugPortLines },
  { name: 'CompactPCI Resource Control' },
  { name: 'Hot-Plug' },
  { name: 'Subsystem vendor ID', lines: subsystemLines },
  { name: 'AGP 8x' },
  { name: 'Secure Device' },
  { name: 'PCI Express', lines: expressLines },
  { name: 'MSI-X', lines: msiXLines },
  { name: 'SATA' },
  { name: 'Advanced Features', lines: advancedFeaturesLines },
];

/** @param config configuration space as far as it could be read. */
export function dumpText(config: Uint8Array, names: PciNames): string {
  const space = new DumpedSpace(config);
  const type = space.read(0x0e, 1) & 0x7f;
  const layout = LAYOUTS[type];
  const end = layout?.end ?? 64;
  return [
    'PCI configuration registers:\n  Common header:\n',
    rows(space, 0, 16),
    '\n',
    commonLines(space, names),
    `\n  Type ${type} ${layout === undefined ? '' : `(${layout.name}) `}header:\n`,
    rows(space, 16, end),
    '\n',
    layout?.lines(space) ?? `    Don't know how to pretty-print type ${type} header.\n`,
    '\n',
    layout !== undefined && (space.read(0x06, 2) & 0x10) !== 0 ? `${capabilities(space, layout.list)}\n` : '',
    '  Device-dependent header:\n',
    rows(space, end, 256),
    '\n',
  ].join('');
}

/** Words of 4 bytes, four in a row; the first row may begin between. */
function rows(space: RegisterReader, first: number, end: number): string {
  let text = '';
  for (let at = first; at < end; at += 4) {
    if (at % 16 === 0 || at === first) text += `    ${hexNumber(at, 2)}:`;
    text += ` ${hexNumber(space.read(at, 4), 8)}`;
    if (at % 16 === 12 || at + 4 >= end) text += '\n';
  }
  return text;
}

interface Entry {
  readonly offset: number;
  readonly id: number;
}

/** All of the list first, and then what is known of each, by id. NetBSD follows a list that loops for ever; here it ends. */
function capabilities(space: DumpedSpace, pointer: number): string {
  const entries: Entry[] = [];
  const seen = new Set<number>();
  let offset = space.read(pointer, 1);
  while (offset !== 0 && !seen.has(offset)) {
    seen.add(offset);
    const entry = space.from(offset);
    entries.push({ offset, id: entry.read(0, 1) });
    offset = entry.read(1, 1);
  }
  let text = '';
  for (const { offset: at, id } of entries)
    text += `  Capability register at ${hexNumber(at, 2)}\n    type: ${hexNumber(id, 2)} (${CAPABILITIES[id]?.name ?? 'unknown'})\n`;
  const isBridge = (space.read(0x0e, 1) & 1) !== 0;
  CAPABILITIES.forEach(({ lines }, id) => {
    for (const entry of entries)
      if (entry.id === id) {
        const written = lines === pciXLines && isBridge ? pciXBridgeLines : lines;
        text += written?.(space.from(entry.offset)) ?? '';
      }
  });
  return text;
}
