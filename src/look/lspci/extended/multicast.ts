/** lspci's lines of multicast. */
import { portMulticast, PortType } from '../../../pci/index.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, fieldIn, flag, hexDigits, shown, type Item } from '../items.js';

const table = portMulticast;
const oneMore = (value: number) => String(value + 1);

/** As lspci computes it, in 32 bits with a sign. */
const bytesOf = (size: number) => 1 << size;

function isPort({ portType }: CapabilityView): boolean {
  return portType === PortType.rootPort || portType === PortType.upstream || portType === PortType.downstream;
}

const ecrc = flag(fieldIn(table, 'cap.ecrc_regeneration'), 'ECRCRegen');
const window = shown(fieldIn(table, 'cap.window'), (size) => `${size} (${bytesOf(size)} bytes)`);

/** Two dwords at an offset as one number, whose low bits are something else. */
function address(offset: number, low: number): Item {
  return (view) =>
    hexDigits(view.read(offset + 4, 4), 8) + hexDigits((view.read(offset, 4) & (-1 << low)) >>> 0, 8);
}

const size = fieldIn(table, 'overlay.size');
const overlayAddress = address(0x28, 6);

export const writeMulticast = capability('Multicast', {
  bytes: [0x04, 0x2c],
  lines: [
    '\t\tMcastCap: MaxGroups ',
    shown(fieldIn(table, 'cap.max_groups'), oneMore),
    // Of an endpoint the line does not end here.
    (view) => (isPort(view) ? `, ${call(ecrc, view)}\n` : `, WindowSz ${call(window, view)}`),
    '\t\tMcastCtl: NumGroups ',
    shown(fieldIn(table, 'ctl.groups'), oneMore),
    ', ',
    flag(fieldIn(table, 'ctl.enable'), 'Enable'),
    '\n\t\tMcastBAR: IndexPos ',
    shown(fieldIn(table, 'base.index'), String),
    ', BaseAddr ',
    address(0x08, 12),
    '\n\t\tMcastReceiveVec:      ',
    address(0x10, 0),
    '\n\t\tMcastBlockAllVec:     ',
    address(0x18, 0),
    '\n\t\tMcastBlockUntransVec: ',
    address(0x20, 0),
    '\n',
    (view) => {
      if (!isPort(view)) return '';
      const log2 = size(view);
      const bytes = log2 >= 6 ? `${bytesOf(log2)} bytes` : 'disabled';
      return `\t\tMcastOverlayBAR: OverlaySize ${log2} (${bytes}), BaseAddr ${call(overlayAddress, view)}\n`;
    },
  ],
});

function call(item: Item, view: CapabilityView): string {
  return typeof item === 'string' ? item : item(view);
}
