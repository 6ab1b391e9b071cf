/** lspci's lines of what a root complex declares: its links, and what its event collectors are for. */
import { rcec, rcLink, RC_LINK_START, RC_LINK_STRIDE } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { capability, flag, joined, shown, type Item } from '../items.js';
import { hex2, hex8 } from '../number-text.js';

const links = fieldIn(rcLink, 'self.links');
const ELEMENTS = ['Config', 'Egress', 'Internal'];

/** Which must be readable for anything to be told. */
const SELF_BYTES = [0x04, 12] as const;

const self = capability('Root Complex Link', {
  bytes: SELF_BYTES,
  lines: [
    '\t\tDesc:\tPortNumber=',
    shown(fieldIn(rcLink, 'self.port'), hex2),
    ' ComponentID=',
    shown(fieldIn(rcLink, 'self.component'), hex2),
    ' EltType=',
    // With the reserved bits above it.
    (view) => {
      const type = view.read(0x04, 1);
      return ELEMENTS[type] ?? `??${type}`;
    },
    '\n',
  ],
});

const isConfiguration = fieldIn(rcLink, 'link.type');

/** Of one link; its registers are those of link 0, from where the link's own stand. */
const link: readonly Item[] = [
  'Desc:\tTargetPort=',
  shown(fieldIn(rcLink, 'link.target_port'), hex2),
  ' TargetComponent=',
  shown(fieldIn(rcLink, 'link.target_component'), hex2),
  ' ',
  flag(fieldIn(rcLink, 'link.rcrb'), 'AssocRCRB'),
  ' LinkType=',
  shown(isConfiguration, (type) => (type === 1 ? 'Config' : 'MemMapped')),
  ' ',
  flag(fieldIn(rcLink, 'link.valid'), 'LinkValid'),
  '\n\t\t\tAddr:\t',
  address,
  '\n',
];

function address(view: CapabilityView): string {
  const low = view.read(RC_LINK_START + 8, 4);
  const high = view.read(RC_LINK_START + 12, 4);
  const whole = hex8(high) + hex8(low);
  if (isConfiguration(view) === 0) return whole;
  // The least significant bits say how many bits of the address are the bus; 0 stands for all 8.
  const busBits = low & 7 || 8;
  const bus = (low >>> 20) & ((1 << busBits) - 1);
  const [device, fn] = [(low >>> 15) & 0x1f, (low >>> 12) & 7];
  return `${hex2(bus)}:${hex2(device)}.${fn}  CfgSpace=${whole}`;
}

export const writeRcLink: CapabilityWriter = (view, names) => {
  let text = self(view, names);
  if (view.verbosity < 2 || !view.has(...SELF_BYTES)) return text;
  const count = links(view);
  for (let index = 0; index < count; index++) {
    const start = index * RC_LINK_STRIDE;
    text += `\t\tLink${index}:\t`;
    if (!view.has(RC_LINK_START + start, RC_LINK_STRIDE)) return `${text}<unreadable>\n`;
    text += joined(link, view.from(start));
  }
  return text;
};

const NO_BUS = 0xff;
const devices = registerIn(rcec, 'devices');
const nextBus = fieldIn(rcec, 'buses.next');
const lastBus = fieldIn(rcec, 'buses.last');

/** `0, 2-5`; of a run that goes on to device 31 lspci tells the first one only. */
function deviceRanges(bitmap: number): string {
  const ranges: string[] = [];
  for (let device = 0; device < 32; device++) {
    const start = device;
    if (((bitmap >>> device) & 1) === 0) continue;
    while (device < 31 && ((bitmap >>> (device + 1)) & 1) !== 0) device++;
    ranges.push(start === device || device === 31 ? String(start) : `${start}-${device}`);
  }
  return ranges.join(', ');
}

function associated(view: CapabilityView): string {
  const bitmap = devices(view);
  if (bitmap !== 0) return `RCiEP at Device(s): ${deviceRanges(bitmap)}`;
  return view.verbosity < 3 ? '[none]' : '00000000 [none]';
}

function buses(view: CapabilityView): string {
  const hasBuses = (view.read(2, 1) & 0xf) >= 2;
  if (!hasBuses) return '';
  const [next, last] = [nextBus(view), lastBus(view)];
  const range = `${hex2(next)}-${hex2(last)}`;
  if (next !== NO_BUS || last !== 0) return `\t\tAssociatedBusNumbers: ${range}\n`;
  return `\t\tAssociatedBusNumbers: ${view.verbosity < 3 ? '' : `${range} `}[none]\n`;
}

export const writeRcec = capability('Root Complex Event Collector Endpoint Association', {
  bytes: [0x04, 8],
  lines: ['\t\tRCiEPBitmap: ', associated, '\n', buses],
});
