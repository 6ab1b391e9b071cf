/** lspci's lines of multicast. */
import { portMulticast, PortType } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { capability, flag, flags, shown } from '../items.js';
import { hex8 } from '../number-text.js';

const table = portMulticast;
const oneMore = (value: number) => String(value + 1);

/** As lspci computes it, in 32 bits with a sign. */
const bytesOf = (size: number) => 1 << size;

/** Device/port types 0 and 9: the endpoints that may have the capability. */
function isEndpoint({ portType }: CapabilityView): boolean {
  return portType === PortType.endpoint || portType === PortType.integratedEndpoint;
}

function isPort({ portType }: CapabilityView): boolean {
  return portType === PortType.rootPort || portType === PortType.upstream || portType === PortType.downstream;
}

/** Only a port's line ends here; all others go on with the next one's words. */
function ofType(view: CapabilityView): string {
  if (isEndpoint(view)) return `, WindowSz ${window(view)}`;
  return isPort(view) ? `, ${ecrc(view)}\n` : '';
}

const windowSize = fieldIn(table, 'cap.window');
const window = (view: CapabilityView) => `${windowSize(view)} (${bytesOf(windowSize(view))} bytes)`;
const ecrc = flags(table, 'cap', { ECRCRegen: 'ecrc_regeneration' });

/** Two dwords at an offset as one number, whose low bits are something else. */
function address(offset: number, low: number): (view: CapabilityView) => string {
  return (view) => hex8(view.read(offset + 4, 4)) + hex8(view.read(offset, 4) & (-1 << low));
}

const size = fieldIn(table, 'overlay.size');
const overlayAddress = address(0x28, 6);

export const writeMulticast = capability('Multicast', {
  bytes: [0x04, 0x30],
  lines: [
    '\t\tMcastCap: MaxGroups ',
    shown(fieldIn(table, 'cap.max_groups'), oneMore),
    ofType,
    '\t\tMcastCtl: NumGroups ',
    shown(fieldIn(table, 'control.groups'), oneMore),
    ', ',
    flag(fieldIn(table, 'control.enable'), 'Enable'),
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
      if (isEndpoint(view)) return '';
      const log2 = size(view);
      const bytes = log2 >= 6 ? `${bytesOf(log2)} bytes` : 'disabled';
      return `\t\tMcastOverlayBAR: OverlaySize ${log2} (${bytes}), BaseAddr ${overlayAddress(view)}\n`;
    },
  ],
});
