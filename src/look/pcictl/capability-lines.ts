/** The decoded capabilities of a dump that are short; each begins with an empty line and its title. */
import {
  af,
  agp,
  debugPort,
  hexDigits,
  hexNumber,
  msix,
  pcix,
  pcixBridge,
  pm,
  vendor,
} from '../../pci/index.js';
import { fieldIn } from '../field-reader.js';
import { onOff, TableLines, text, together, valueLine, type Lines } from './lines.js';

const PM_VERSIONS = ['unknown', '1.0', '1.1', '1.2'];
const AUX_CURRENTS = ['self-powered', '55 mA', '100 mA', '160 mA', '220 mA', '270 mA', '320 mA', '375 mA'];

const power = new TableLines(pm);

export const powerLines = together([
  text('\n  PCI Power Management Capabilities Register\n'),
  power.register('Capabilities register', 'pmc', 4),
  power.value('Version', 'pmc.version', (version) => PM_VERSIONS[version] ?? 'unknown'),
  power.flags('pmc', { 'PME# clock': 'pme_clock', 'Device specific initialization': 'dsi' }),
  power.value('3.3V auxiliary current', 'pmc.aux_current', (current) => AUX_CURRENTS[current] ?? ''),
  power.flags('pmc', {
    'D1 power management state support': 'd1',
    'D2 power management state support': 'd2',
    'PME# support D0': 'pme_d0',
    'PME# support D1': 'pme_d1',
    'PME# support D2': 'pme_d2',
    'PME# support D3 hot': 'pme_d3hot',
    'PME# support D3 cold': 'pme_d3cold',
  }),
  power.register('Control/status register', 'pmcsr', 4),
  power.value('Power state', 'pmcsr.state', (state) => `D${state}`),
  // Reserved where it stands, so no field.
  (reader) => onOff('PCI Express reserved', (reader.read(4, 2) & 4) !== 0),
  power.flag('No soft reset', 'pmcsr.no_soft_reset'),
  power.value('PME# assertion', 'pmcsr.pme_enable', (enabled) => (enabled !== 0 ? 'enabled' : 'disabled')),
  power.flag('PME# status', 'pmcsr.pme_status'),
  power.register('Bridge Support Extensions register', 'bridge', 2),
  power.flags('bridge', { 'B2/B3 support': 'b2_b3', 'Bus Power/Clock Control Enable': 'bpcc' }),
  power.register('Data register', 'data', 2),
]);

const [major, minor] = [fieldIn(agp, 'revision.major'), fieldIn(agp, 'revision.minor')];

export const agpLines: Lines = (reader) =>
  `\n  AGP Capabilities Register\n    Revision: ${major(reader)}.${minor(reader)}\n`;

/** Where its registers stand depends on two bits of the first, so they are read one behind the other. */
export const msiLines: Lines = (reader) => {
  const control = reader.read(2, 2);
  const [wide, maskable] = [(control & 0x80) !== 0, (control & 0x100) !== 0];
  let at = 0;
  const next = () => hexNumber(reader.read((at += 4), 4), 8);
  const vectors = (exponent: number) => `(${2 ** exponent} vector${exponent > 0 ? 's' : ''})`;
  const [capable, enabled] = [(control >>> 1) & 7, (control >>> 4) & 7];
  const lines = [
    '\n  PCI Message Signaled Interrupt\n',
    `    Message Control register: ${hexNumber(control, 4)}\n`,
    onOff('MSI Enabled', (control & 1) !== 0),
    valueLine('Multiple Message Capable', `${capable > 0 ? 'yes' : 'no'} ${vectors(capable)}`),
    valueLine('Multiple Message Enabled', `${enabled > 0 ? 'on' : 'off'} ${vectors(enabled)}`),
    onOff('64 Bit Address Capable', wide),
    onOff('Per-Vector Masking Capable', maskable),
    `    Message Address ${wide ? '(lower) ' : ''}register: ${next()}\n`,
  ];
  if (wide) lines.push(`    Message Address (upper) register: ${next()}\n`);
  lines.push(`    Message Data register: ${next()}\n`);
  if (maskable)
    lines.push(`    Vector Mask register: ${next()}\n`, `    Vector Pending register: ${next()}\n`);
  return lines.join('');
};

const SPLIT_TRANSACTIONS = [1, 2, 3, 4, 8, 12, 16, 32];
const split = (index: number) => SPLIT_TRANSACTIONS[index] ?? -1;
/** Bits of either status that its table has no fields for at a bridge. */
const mode2: Lines = (reader) => {
  const status = reader.read(4, 4);
  return (
    onOff('266MHz capable', (status & 0x4000_0000) !== 0) +
    onOff('533MHz capable', (status & 0x8000_0000) !== 0)
  );
};

/** Where the function stands, and what both kinds of it have. */
function location(table: TableLines): Lines {
  return together([
    table.value('Function', 'status.function'),
    table.value('Device', 'status.device'),
    table.value('Bus', 'status.bus'),
    table.flags('status', {
      '64bit device': 'bits64',
      '133MHz capable': 'mhz133',
      'Split completion discarded': 'split_discarded',
      'Unexpected split completion': 'split_unexpected',
    }),
  ]);
}

const pciX = new TableLines(pcix);

export const pciXLines = together([
  text('\n  PCI-X Non-bridge Capabilities Register\n'),
  pciX.register('Command register', 'command', 4),
  pciX.flags('command', {
    'Data Parity Error Recovery': 'parity_recovery',
    'Enable Relaxed Ordering': 'relaxed_order',
  }),
  pciX.value('Maximum Burst Read Count', 'command.max_read', (exponent) => 512 << exponent),
  pciX.value('Maximum Split Transactions', 'command.max_outstanding', split),
  pciX.register('Status register', 'status', 8),
  location(pciX),
  pciX.flag('Device Complexity', 'status.complexity', 'bridge device', 'simple device'),
  pciX.value('Designed max memory read byte count', 'status.designed_read', (exponent) => 512 << exponent),
  pciX.value('Designed max outstanding split transaction', 'status.designed_outstanding', split),
  pciX.value('MAX cumulative Read Size', 'status.designed_read_size', (exponent) => 8 << exponent),
  pciX.flag('Received split completion error', 'status.split_error'),
  mode2,
]);

const pciXBridge = new TableLines(pcixBridge);

function splitControl(label: string, register: 'upstream' | 'downstream'): Lines {
  return together([
    pciXBridge.register(`${label} split transaction control register`, register, 8),
    pciXBridge.value('Capacity', `${register}.capacity`),
    pciXBridge.value('Commitment Limit', `${register}.limit`),
  ]);
}

const overrun = { 'Split completion overrun': 'split_overrun', 'Split request delayed': 'split_delayed' };

export const pciXBridgeLines = together([
  text('\n  PCI-X Bridge Capabilities Register\n'),
  pciXBridge.register('Secondary status register', 'secondary_status', 4),
  pciXBridge.flags('secondary_status', {
    '64bit device': 'bits64',
    '133MHz capable': 'mhz133',
    'Split completion discarded': 'split_discarded',
    'Unexpected split completion': 'split_unexpected',
    ...overrun,
  }),
  pciXBridge.value('Secondary clock frequency', 'secondary_status.frequency', (value) => hexNumber(value, 1)),
  pciXBridge.value('Version', 'secondary_status.version', (value) => hexNumber(value, 1)),
  pciXBridge.flags('secondary_status', { '266MHz capable': 'mhz266', '533MHz capable': 'mhz533' }),
  pciXBridge.register('Bridge Status register', 'status', 8),
  location(pciXBridge),
  pciXBridge.flags('status', overrun),
  mode2,
  splitControl('Upstream', 'upstream'),
  splitControl('Downstream', 'downstream'),
]);

export const vendorLines = together([
  text('\n  PCI Vendor Specific Capabilities Register\n'),
  new TableLines(vendor).register('Capabilities length', 'length', 2),
]);

const debug = new TableLines(debugPort);

export const debugPortLines = together([
  text('\n  Debugport Capability Register\n'),
  debug.register('Debug base Register', 'place', 4),
  debug.value('port offset', 'place.offset', (value) => hexNumber(value, 4)),
  debug.value('BAR number', 'place.bar'),
]);

/** NetBSD prints both numbers as the one register of 4 bytes that they are read as. */
export const subsystemLines: Lines = (reader) =>
  `\n  Subsystem ID Capability Register\n    Subsystem ID : ${hexNumber(reader.read(4, 4), 8)}\n`;

const messages = new TableLines(msix);
const BAR_BITS = 7;

export const msiXLines = together([
  text('\n  MSI-X Capability Register\n'),
  // Of 16 bits NetBSD prints the lower 8.
  (reader) => `    Message Control register: ${hexNumber(reader.read(2, 1), 4)}\n`,
  messages.value('Table Size', 'control.size', (last) => last + 1),
  messages.flags('control', { 'Function Mask': 'function_mask', 'MSI-X Enable': 'enable' }),
  messages.register('Table offset register', 'table', 8),
  (reader) => valueLine('Table offset', hexDigits((reader.read(4, 4) & ~BAR_BITS) >>> 0, 8)),
  messages.value('BIR', 'table.bar', (bar) => hexNumber(bar, 1)),
  messages.register('Pending bit array register', 'pba', 8),
  (reader) => valueLine('Pending bit array offset', hexDigits((reader.read(8, 4) & ~BAR_BITS) >>> 0, 8)),
  messages.value('BIR', 'pba.bar', (bar) => hexNumber(bar, 1)),
]);

const features = new TableLines(af);

export const advancedFeaturesLines = together([
  text('\n  Advanced Features Capability Register\n'),
  features.register('AF Capabilities register', 'cap', 2),
  features.flags('cap', { 'Transaction Pending': 'pending', 'Function Level Reset': 'flr' }),
  features.register('AF Control register', 'control', 2),
  features.register('AF Status register', 'status', 2),
  features.flag('Transaction Pending', 'status.pending'),
]);
