/** One function's record for a reader: its first line, and with `-v` all that is known of it. */
import { bridgeLines } from './bridge-lines.js';
import { capabilityLines } from './capability-lines.js';
import { CARDBUS_HEADER, cardbusLines } from './cardbus-lines.js';
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
const STATUS_CAPABILITIES = 0x10;
const CARDBUS_SUBSYSTEM = 0x40;
/** Id of the capability that has it. */
const SUBSYSTEM = 0x0d;

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

/** Vendor and id of its subsystem: of a PCI bridge in a capability, else in the header. */
export function subsystemOf({
  layout,
  header,
  config,
  status,
}: ShownFunction): readonly [vendor: number, device: number] | undefined {
  const offset =
    layout === DEVICE
      ? 0x2c
      : layout === BRIDGE
        ? bridgeSubsystem(status, config)
        : layout === CARDBUS
          ? CARDBUS_SUBSYSTEM
          : undefined;
  if (offset === undefined) return undefined;
  const vendor = header.read(offset, 2);
  return vendor === 0 || vendor === 0xffff ? undefined : [vendor, header.read(offset + 2, 2)];
}

/** Where a bridge's subsystem is: in a capability of its own (PCI-to-PCI Bridge Architecture 1.2, 3.2.6.2). */
function bridgeSubsystem(status: number, config: Uint8Array): number | undefined {
  if ((status & STATUS_CAPABILITIES) === 0) return undefined;
  const visited = new Set<number>();
  let at = (config[0x34] ?? 0xff) & ~3;
  while (at !== 0 && at + 2 <= config.length && !visited.has(at)) {
    visited.add(at);
    const id = config[at];
    if (id === 0xff) return undefined;
    if (id === SUBSYSTEM) return at + 4;
    at = (config[at + 1] ?? 0xff) & ~3;
  }
  return undefined;
}

/** What names it besides its ids: with `-k` the only lines before those of the drivers. */
export function nameLines(fn: ShownFunction, names: IdNames): string {
  const { label } = fn.captured;
  const sub = subsystemOf(fn);
  const text = label === undefined ? '' : `\tDeviceName: ${label}\n`;
  return sub === undefined
    ? text
    : `${text}\tSubsystem: ${names.subsystemOf(fn.vendor, fn.device, ...sub)}\n`;
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
  const { verbosity, layout, captured } = fn;
  let text = nameLines(fn, names) + layoutFinding(fn);
  if (captured.physicalSlot !== undefined) text += `\tPhysical Slot: ${captured.physicalSlot}\n`;
  if (layout > CARDBUS) {
    if (verbosity > 1) text += placeLines(fn, 0);
    return text + kernelLines(fn);
  }
  // Of half a header lspci believes the base addresses alone.
  if (fn.config.length < HEADER_BYTES)
    return text + (verbosity > 1 ? placeLines(fn, 0) : '') + regionLines(fn) + kernelLines(fn);
  text += verbosity > 1 ? registerLines(fn) : flagsLine(fn);
  text += bistLine(fn.header.read(0x0f, 1)) + regionLines(fn);
  if (layout === DEVICE) text += romLine(fn, 0x30);
  else text += layout === BRIDGE ? bridgeLines(fn) : cardbusLines(fn);
  // Of a CardBus bridge the header itself is longer than what everybody may read.
  if (layout !== CARDBUS || fn.config.length >= CARDBUS_HEADER) text += capabilityLines(fn, names);
  return text + kernelLines(fn);
}

/** What every layout has before its capabilities. */
const HEADER_BYTES = 0x40;

/** Units of the two latency registers, in nanoseconds (PCI Local Bus 3.0, 6.2.4). */
const LATENCY_UNIT = 250;

function registerLines(fn: ShownFunction): string {
  const { header } = fn;
  let text = `\tControl: ${controlRow(header)}\n\tStatus: ${statusRow(header)}\n`;
  if ((fn.command & BUS_MASTER) !== 0) text += latencyLine(fn);
  return text + placeLines(fn, header.read(0x3d, 1));
}

/** Where it stands in its host: interrupt, node, group. */
function placeLines(fn: ShownFunction, pin: number): string {
  const { numaNode, iommuGroup } = fn.captured;
  let text = '';
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
