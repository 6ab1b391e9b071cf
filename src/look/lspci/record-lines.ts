/** One function's record for a reader: its first line, and with `-v` all that is known of it. */
import { bridgeLines } from './bridge-lines.js';
import { capabilityLines } from './capability-lines.js';
import { cardbusLines } from './cardbus-lines.js';
import { controlRow, DEVSEL, statusRow } from './header-rows.js';
import type { IdNames } from './id-names.js';
import { hex2, hex4 } from './number-text.js';
import { regionLines, romLine } from './region-lines.js';
import type { ShownFunction } from './shown-function.js';

const DEVICE = 0;
const BRIDGE = 1;
const CARDBUS = 2;
const BRIDGE_CLASS = 0x06;
const PCI_BRIDGE = 0x0604;
const BUS_MASTER = 4;

/** `IDE interface: Intel Corporation Device 2229 (rev 03)`, as it stands behind the address. */
export function functionTitle(fn: ShownFunction, names: IdNames): string {
  const { vendor, device, classCode, revision, programmingInterface, verbosity } = fn;
  let text = `${names.classOf(classCode)}: ${names.full(vendor, device)}`;
  if (revision !== 0) text += ` (rev ${hex2(revision)})`;
  if (verbosity === 0) return text;
  const words = names.programmingInterface((classCode << 8) | programmingInterface);
  if (programmingInterface !== 0 || words !== '')
    text += ` (prog-if ${hex2(programmingInterface)}${words === '' ? '' : ` [${words}]`})`;
  return text;
}

/** Vendor and id of its subsystem, where its layout has them; a PCI bridge has them in a capability. */
export function subsystemOf({
  layout,
  header,
  config,
}: ShownFunction): readonly [number, number] | undefined {
  const offset = layout === DEVICE ? 0x2c : layout === CARDBUS && config.length >= 0x80 ? 0x40 : undefined;
  if (offset === undefined) return undefined;
  const vendor = header.read(offset, 2);
  return vendor === 0 || vendor === 0xffff ? undefined : [vendor, header.read(offset + 2, 2)];
}

/** `Subsystem:`, the one line that `-k` prints without `-v`. */
export function subsystemLine(fn: ShownFunction, names: IdNames): string {
  const sub = subsystemOf(fn);
  return sub === undefined ? '' : `\tSubsystem: ${names.subsystemOf(fn.vendor, fn.device, ...sub)}\n`;
}

export function kernelLines({ captured: { driver, modules } }: ShownFunction): string {
  const text = driver === undefined ? '' : `\tKernel driver in use: ${driver}\n`;
  return modules.length === 0 ? text : `${text}\tKernel modules: ${modules.join(', ')}\n`;
}

/** What is wrong of class and layout together; of an unknown layout nothing more is shown. */
function layoutFinding({ layout, classCode }: ShownFunction): string {
  if (layout > CARDBUS) return `\t!!! Unknown header type ${hex2(layout)}\n`;
  const fits = layout === DEVICE ? classCode !== PCI_BRIDGE : classCode >>> 8 === BRIDGE_CLASS;
  return fits ? '' : `\t!!! Invalid class ${hex4(classCode)} for header type ${hex2(layout)}\n`;
}

/** All lines below the first one. */
export function verboseLines(fn: ShownFunction, names: IdNames): string {
  const { label, physicalSlot } = fn.captured;
  let text = label === undefined ? '' : `\tDeviceName: ${label}\n`;
  text += subsystemLine(fn, names) + layoutFinding(fn);
  if (fn.layout > CARDBUS) return text;
  if (physicalSlot !== undefined) text += `\tPhysical Slot: ${physicalSlot}\n`;
  text += fn.verbosity > 1 ? registerLines(fn) : flagsLine(fn);
  text += bistLine(fn.header.read(0x0f, 1)) + regionLines(fn);
  if (fn.layout === DEVICE) text += romLine(fn, 0x30);
  else text += fn.layout === BRIDGE ? bridgeLines(fn) : cardbusLines(fn);
  return text + capabilityLines(fn, names) + kernelLines(fn);
}

/** Units of the two latency registers, in nanoseconds (PCI Local Bus 3.0, 6.2.4). */
const LATENCY_UNIT = 250;

function registerLines(fn: ShownFunction): string {
  const { header } = fn;
  const { numaNode, iommuGroup } = fn.captured;
  let text = `\tControl: ${controlRow(header)}\n\tStatus: ${statusRow(header)}\n`;
  if ((fn.command & BUS_MASTER) !== 0) text += latencyLine(fn);
  const pin = header.read(0x3d, 1);
  if (pin !== 0 || fn.interrupt !== 0)
    text += `\tInterrupt: pin ${pinText(pin)} routed to IRQ ${fn.interrupt}\n`;
  if (numaNode !== undefined) text += `\tNUMA node: ${numaNode}\n`;
  if (iommuGroup !== undefined) text += `\tIOMMU group: ${iommuGroup}\n`;
  return text;
}

function latencyLine({ header, layout }: ShownFunction): string {
  let text = `\tLatency: ${header.read(0x0d, 1)}`;
  if (layout === DEVICE) {
    const [least, most] = [header.read(0x3e, 1), header.read(0x3f, 1)];
    const parts = [
      least === 0 ? '' : `${least * LATENCY_UNIT}ns min`,
      most === 0 ? '' : `${most * LATENCY_UNIT}ns max`,
    ].filter((part) => part !== '');
    if (parts.length > 0) text += ` (${parts.join(', ')})`;
  }
  const line = header.read(0x0c, 1);
  return `${text}${line === 0 ? '' : `, Cache Line Size: ${line * 4} bytes`}\n`;
}

/** `A` for pin 1 and on; what is no pin is written as the byte that it comes to, be it a character or not. */
function pinText(pin: number): string {
  if (pin === 0) return '?';
  const byte = (0x40 + pin) & 0xff;
  return byte < 0x80 ? String.fromCharCode(byte) : '\ufffd';
}

/** Status bits that the line of flags tells, in its order. */
const STATUS_WORDS: readonly (readonly [number, string])[] = [
  [0x20, '66MHz'],
  [0x40, 'user-definable features'],
];

function flagsLine(fn: ShownFunction): string {
  const { command, status, header } = fn;
  const { numaNode, iommuGroup } = fn.captured;
  const master = (command & BUS_MASTER) !== 0;
  const words: string[] = [];
  if (master) words.push('bus master');
  if ((command & 0x20) !== 0) words.push('VGA palette snoop');
  if ((command & 0x80) !== 0) words.push('stepping');
  if ((command & 0x200) !== 0) words.push('fast Back2Back');
  for (const [bit, word] of STATUS_WORDS) if ((status & bit) !== 0) words.push(word);
  words.push(`${DEVSEL[(status >>> 9) & 3] ?? ''} devsel`);
  if (master) words.push(`latency ${header.read(0x0d, 1)}`);
  if (fn.interrupt !== 0) words.push(`IRQ ${fn.interrupt}`);
  if (numaNode !== undefined) words.push(`NUMA node ${numaNode}`);
  if (iommuGroup !== undefined) words.push(`IOMMU group ${iommuGroup}`);
  return `\tFlags: ${words.join(', ')}\n`;
}

function bistLine(bist: number): string {
  if ((bist & 0x80) === 0) return '';
  return (bist & 0x40) !== 0 ? '\tBIST is running\n' : `\tBIST result: ${hex2(bist & 0x0f)}\n`;
}
