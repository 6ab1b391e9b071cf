/** lspci's words for PCI Express: the line itself, and which registers' lines follow it in what order. */
import { pcie } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { writeDevice, writeDevice2 } from './express-device.js';
import { writeLink, writeLink2 } from './express-link.js';
import { writeRoot, writeSlot } from './express-slot.js';
import { PortType } from './express-types.js';

/** Names by port type; those of ports with a slot tell whether they have one. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [PortType.endpoint, 'Endpoint'],
  [PortType.legacyEndpoint, 'Legacy Endpoint'],
  [PortType.rootPort, 'Root Port'],
  [PortType.upstream, 'Upstream Port'],
  [PortType.downstream, 'Downstream Port'],
  [PortType.toPci, 'PCI-Express to PCI/PCI-X Bridge'],
  [PortType.fromPci, 'PCI/PCI-X to PCI-Express Bridge'],
  [PortType.integratedEndpoint, 'Root Complex Integrated Endpoint'],
  [PortType.eventCollector, 'Root Complex Event Collector'],
]);
const MAY_HAVE_SLOT: ReadonlySet<number> = new Set([
  PortType.rootPort,
  PortType.downstream,
  PortType.fromPci,
]);
const FIRST_REGISTER = 4;
const SECOND_SET = 0x24;

const version = fieldIn(pcie, 'flags.version');
const portType = fieldIn(pcie, 'flags.type');
const slot = fieldIn(pcie, 'flags.slot');
const message = fieldIn(pcie, 'flags.message_number');

function typeName(type: number, hasSlot: boolean): string {
  const name = NAMES.get(type) ?? `Unknown type ${type}`;
  return MAY_HAVE_SLOT.has(type) ? `${name} (Slot${hasSlot ? '+' : '-'})` : name;
}

/** Integrated endpoints and event collectors stand in the root complex, without a link. */
function hasLink(type: number): boolean {
  return type !== PortType.integratedEndpoint && type !== PortType.eventCollector;
}

function hasRoot(type: number): boolean {
  return type === PortType.rootPort || type === PortType.eventCollector;
}

/** Each set of registers is told only when all of it can be read. */
function writeFirst(view: CapabilityView, type: number, hasSlot: boolean): string {
  let text = writeDevice(view, type);
  if (hasLink(type)) text += writeLink(view, type);
  if (hasSlot) text += writeSlot(view);
  return hasRoot(type) ? text + writeRoot(view) : text;
}

export const writeExpress: CapabilityWriter = (view) => {
  const type = portType(view);
  const hasSlot = MAY_HAVE_SLOT.has(type) && slot(view) !== 0;
  const name = `${typeName(type, hasSlot)}, IntMsgNum ${message(view)}\n`;
  if (view.verbosity < 2) return `Express ${name}`;
  let text = `Express (v${version(view)}) ${name}`;
  const bytes = hasRoot(type) ? 32 : hasSlot ? 24 : 16;
  if (!view.has(FIRST_REGISTER, bytes)) return text;
  text += writeFirst(view, type, hasSlot);
  if (version(view) < 2 || !view.has(SECOND_SET, hasSlot ? 24 : 16)) return text;
  text += writeDevice2(view, type);
  return hasLink(type) ? text + writeLink2(view, type) : text;
};
