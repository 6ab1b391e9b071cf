/** lspci's words for PCI-X, of a device and of a bridge. */
import { hexDigits, pcix, pcixBridge, type RegisterTable } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityWriter } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';

const OUTSTANDING = [1, 2, 3, 4, 8, 12, 16, 32];

function outstanding(index: number): number {
  return OUTSTANDING[index] ?? 0;
}

/** Where the function found itself on its bus. */
function place(table: RegisterTable): Item {
  const bus = fieldIn(table, 'status.bus');
  const device = fieldIn(table, 'status.device');
  const number = fieldIn(table, 'status.function');
  return (view) => `Dev=${hexDigits(bus(view), 2)}:${hexDigits(device(view), 2)}.${number(view)} `;
}

const DEVICE: readonly Item[] = [
  '\t\tCommand: ',
  flags(pcix, 'command', { DPERE: 'parity_recovery', ERO: 'relaxed_order' }),
  shown(fieldIn(pcix, 'command.max_read'), (size) => ` RBC=${512 << size}`),
  shown(fieldIn(pcix, 'command.max_outstanding'), (index) => ` OST=${outstanding(index)}\n\t\tStatus: `),
  place(pcix),
  flags(pcix, 'status', {
    '64bit': 'bits64',
    '133MHz': 'mhz133',
    SCD: 'split_discarded',
    USC: 'split_unexpected',
  }),
  shown(fieldIn(pcix, 'status.complexity'), (bridge) => ` DC=${bridge !== 0 ? 'bridge' : 'simple'}`),
  shown(fieldIn(pcix, 'status.designed_read'), (size) => ` DMMRBC=${512 << size}`),
  shown(fieldIn(pcix, 'status.designed_outstanding'), (index) => ` DMOST=${outstanding(index)}`),
  shown(fieldIn(pcix, 'status.designed_read_size'), (size) => ` DMCRS=${8 << size} `),
  flags(pcix, 'status', { RSCEM: 'split_error', '266MHz': 'mhz266', '533MHz': 'mhz533' }),
  '\n',
];

const FREQUENCIES = ['conv', '66MHz', '100MHz', '133MHz'];

const SPLITS = {
  '64bit': 'bits64',
  '133MHz': 'mhz133',
  SCD: 'split_discarded',
  USC: 'split_unexpected',
  SCO: 'split_overrun',
  SRD: 'split_delayed',
};

function splitControl(label: string, register: string): Item[] {
  return [
    shown(fieldIn(pcixBridge, `${register}.capacity`), (capacity) => `\t\t${label}: Capacity=${capacity}`),
    shown(fieldIn(pcixBridge, `${register}.limit`), (limit) => ` CommitmentLimit=${limit}\n`),
  ];
}

const BRIDGE: readonly Item[] = [
  '\t\tSecondary Status: ',
  flags(pcixBridge, 'secondary_status', SPLITS),
  shown(
    fieldIn(pcixBridge, 'secondary_status.frequency'),
    (index) => ` Freq=${FREQUENCIES[index] ?? `?${index}`}\n\t\tStatus: `,
  ),
  place(pcixBridge),
  flags(pcixBridge, 'status', SPLITS),
  '\n',
  ...splitControl('Upstream', 'upstream'),
  ...splitControl('Downstream', 'downstream'),
];

const DEVICE_LAYOUT = 0;
const BRIDGE_LAYOUT = 1;

/** In a CardBus bridge lspci leaves the line as it began. */
export const writePcix: CapabilityWriter = (view) => {
  if (view.fn.layout === DEVICE_LAYOUT) {
    const text = 'PCI-X non-bridge device\n';
    return view.verbosity < 2 || !view.has(4, 4) ? text : text + joined(DEVICE, view);
  }
  if (view.fn.layout !== BRIDGE_LAYOUT) return '';
  const text = 'PCI-X bridge device\n';
  return view.verbosity < 2 || !view.has(4, 12) ? text : text + joined(BRIDGE, view);
};
