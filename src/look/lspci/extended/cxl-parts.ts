/** lspci's words for the smaller DVSECs of CXL. */
import {
  cxlFunctionMap,
  cxlGpfDevice,
  cxlGpfPort,
  cxlLocator,
  cxlMld,
  cxlPort,
  hexDigits,
  locatorBlocks,
  LocatorBlocks,
  type RegisterTable,
} from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';
import { flagOfBits, type CxlWriter } from './cxl-text.js';

const functionMap = registerIn(cxlFunctionMap, 'map');
const MOST_MAPS = 8;

/**
 * A word of each map is shown, whatever the length says, as lspci does where it has read those bytes already; where not it
 * ends itself.
 */
export const cxlFunctionMapLines: CxlWriter = (view) => {
  let text = '\t\tNon-CXL Function Map DVSEC\n';
  for (let map = 0; map < MOST_MAPS; map++)
    text += `\t\tFuncMap ${map}: ${hexDigits(functionMap(view.from(map * 4)) & 0xffff, 8)}\n`;
  return text;
};

const PORT_LENGTH = 0x28;
const range = (table: RegisterTable, base: string, limit: string, digits: number): Item[] => [
  shown(registerIn(table, base), (value) => hexDigits(value, digits)),
  '-',
  shown(registerIn(table, limit), (value) => hexDigits(value, digits)),
  '\n',
];
const PORT: readonly Item[] = [
  '\t\tCXLPortSta:\t',
  flagOfBits(registerIn(cxlPort, 'status'), 0xa, 'PMComplete'),
  '\n\t\tCXLPortCtl:\t',
  flags(cxlPort, 'control', {
    UnmaskSBR: 'unmask_reset',
    UnmaskLinkDisable: 'unmask_link_disable',
    AltMem: 'alt_memory',
    AltBME: 'alt_bus_master',
    ViralEnable: 'viral',
  }),
  '\n\t\tAlternateBus:\t',
  ...range(cxlPort, 'alt_bus_base', 'alt_bus_limit', 2),
  '\t\tAlternateBus:\t',
  ...range(cxlPort, 'alt_memory_base', 'alt_memory_limit', 4),
];

export const cxlPortLines: CxlWriter = (view, { length }) =>
  `\t\tCXL Extensions DVSEC for Ports\n${length < PORT_LENGTH ? '' : joined(PORT, view)}`;

/** Codes of a time's scale in their order: what the value is multiplied by, and the unit. */
const SCALES = [
  [1, 'us'],
  [10, 'us'],
  [100, 'us'],
  [1, 'ms'],
  [10, 'ms'],
  [100, 'ms'],
  [1, 's'],
  // lspci has no unit for it.
  [10, '<?>'],
] as const;

/** `15ms`; before it a line of its own where the scale is none that the specification has. */
function time(table: RegisterTable, field: string, label: string): Item {
  const [value, scale] = [fieldIn(table, field), fieldIn(table, `${field}_scale`)];
  return (view) => {
    const code = scale(view);
    const known = SCALES[code];
    const [times, unit] = known ?? [1, '<?>'];
    const reserved = known === undefined ? `\t\tReserved time scale encoding ${code.toString(16)}\n` : '';
    return `${reserved}\t\t${label}: ${value(view) * times}${unit}\n`;
  };
}

const GPF_PORT: readonly Item[] = [
  time(cxlGpfPort, 'phase1.timeout', 'GPF Phase 1 Timeout'),
  time(cxlGpfPort, 'phase2.timeout', 'GPF Phase 2 Timeout'),
];
export const cxlGpfPortLines: CxlWriter = (view) => `\t\tGPF DVSEC for CXL Ports\n${joined(GPF_PORT, view)}`;

const GPF_DEVICE: readonly Item[] = [
  time(cxlGpfDevice, 'phase2.duration', 'GPF Phase 2 Duration'),
  '\t\tGPF Phase 2 Power: ',
  shown(registerIn(cxlGpfDevice, 'power'), String),
  'mW\n',
];
export const cxlGpfDeviceLines: CxlWriter = (view) =>
  `\t\tGPF DVSEC for CXL Devices\n${joined(GPF_DEVICE, view)}`;

const BLOCKS: Readonly<Record<number, string>> = {
  1: 'component registers',
  2: 'BAR virtualization',
  3: 'CXL device registers',
  4: 'CPMU registers',
  0xff: 'vendor-specific',
};
const [blockBar, blockId] = [fieldIn(cxlLocator, 'block.bar'), fieldIn(cxlLocator, 'block.id')];
const [offsetLow, offsetUpper] = [fieldIn(cxlLocator, 'block.offset'), registerIn(cxlLocator, 'block_upper')];

function blockLine(view: CapabilityView, number: number): string {
  const id = blockId(view);
  if (id === 0) return '';
  const offset = hexDigits(offsetUpper(view), 8) + hexDigits(offsetLow(view), 4) + '0000';
  return `\t\tBlock${number}: BIR: bar${blockBar(view)}, ID: ${BLOCKS[id] ?? '<?>'}, offset: ${offset}\n`;
}

export const cxlLocatorLines: CxlWriter = (view, { length }) => {
  let text = '\t\tRegister Locator DVSEC\n';
  for (let block = 0; block < locatorBlocks(length); block++)
    text += blockLine(view.from(block * LocatorBlocks.stride), block + 1);
  return text;
};

const logicalDevices = registerIn(cxlMld, 'logical_devices');
/** A device has 16 at most; another number is not shown. */
const MOST_LOGICAL_DEVICES = 16;

export const cxlMldLines: CxlWriter = (view) => {
  const devices = logicalDevices(view);
  const isShown = devices >= 1 && devices <= MOST_LOGICAL_DEVICES;
  return `\t\tMLD DVSEC\n${isShown ? `\t\tNumLogDevs: ${devices}\n` : ''}`;
};
