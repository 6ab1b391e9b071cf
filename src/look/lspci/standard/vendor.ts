/** lspci's words for vendor specific capabilities; it knows virtio's. */
import { hexDigits, vendor, virtio } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { joined, shown, type Item } from '../items.js';

const VIRTIO_VENDOR = 0x1af4;
const VIRTIO_DEVICES = { first: 0x1000, last: 0x107f };
const NOTIFY = 2;
/** Bytes of a virtio capability, and of one with a multiplier. */
const BYTES = 16;
const NOTIFY_BYTES = 20;

const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'CommonCfg'],
  [NOTIFY, 'Notify'],
  [3, 'ISR'],
  [4, 'DeviceCfg'],
]);

const length = fieldIn(vendor, 'length');
const type = fieldIn(virtio, 'type');
const multiplier = fieldIn(virtio, 'multiplier');

const PLACE: readonly Item[] = [
  shown(fieldIn(virtio, 'bar'), (bar) => `\t\tBAR=${bar}`),
  shown(fieldIn(virtio, 'offset'), (offset) => ` offset=${hexDigits(offset, 8)}`),
  shown(fieldIn(virtio, 'size'), (size) => ` size=${hexDigits(size, 8)}`),
];

function isVirtio({ vendor: id, device }: CapabilityView['fn']): boolean {
  return id === VIRTIO_VENDOR && device >= VIRTIO_DEVICES.first && device <= VIRTIO_DEVICES.last;
}

export const writeVendor: CapabilityWriter = (view) => {
  const bytes = length(view);
  if (!isVirtio(view.fn) || bytes < BYTES || !view.has(0, bytes))
    return `Vendor Specific Information: Len=${hexDigits(bytes, 2)} <?>\n`;
  const kind = type(view);
  const text = `Vendor Specific Information: VirtIO: ${TYPES.get(kind) ?? '<unknown>'}\n`;
  if (view.verbosity < 2) return text;
  const place = joined(PLACE, view);
  return kind === NOTIFY && bytes >= NOTIFY_BYTES
    ? `${text}${place} multiplier=${hexDigits(multiplier(view), 8)}\n`
    : `${text}${place}\n`;
};
