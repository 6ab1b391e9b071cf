/** Takes out of a capture what tells one board from another of its kind: serial numbers, and what its owner wrote on it. */
import type { Capture } from '../../function/index.js';
import {
  bytesReader,
  CapabilityId,
  ExtendedCapabilityId,
  walkCapabilities,
  walkExtendedCapabilities,
} from '../../pci/index.js';
import { redactVpd } from './vpd-redaction.js';

/** A capture that can be shown to others, and what is no more in it. */
export interface Redaction {
  readonly capture: Capture;
  /** For each function what was taken out of it: `0000:0a:00.0: device serial number`. */
  readonly removed: readonly string[];
}

/** Bytes of the number behind the capability's header (PCI Express Base 6.0, 7.9.3). */
const SERIAL_OFFSET = 4;
const SERIAL_BYTES = 8;
/** Where the capability's header has its list's end or a next entry: version 1 of it, whatever follows. */
const SERIAL_HEADER = (1 << 16) | ExtendedCapabilityId.dsn;
const EXTENDED_START = 0x100;

/** The 4 bytes of product data that were read last (PCI Local Bus 3.0, appendix I). */
const VPD_DATA_OFFSET = 4;
const VPD_DATA_BYTES = 4;

/**
 * The same capture without serial numbers. A device serial number becomes the number of its first appearance, 1 and up:
 * those that were equal stay equal, so that functions of one device are still told as such, and nothing of the number
 * itself is in what takes its place. Copies of it elsewhere in any configuration space go with it.
 */
export function redactCapture(capture: Capture): Redaction {
  const removed: string[] = [];
  const machine = withoutArguments(capture.machine);
  if (machine !== capture.machine) removed.push("the machine's name: what it was opened with");
  const serials = new Map<string, number>();
  for (const { config } of capture.functions)
    for (const at of serialPlaces(config)) {
      const key = serialAt(config, at);
      if (key !== undefined && !serials.has(key)) serials.set(key, serials.size + 1);
    }
  const copies = copiesOf(serials);
  const functions = capture.functions.map((fn) => {
    const space = { bytes: fn.config.slice(), changes: new Set<string>() };
    redactSerials(space, serials);
    redactCopies(space, copies);
    redactVpdWindow(space);
    for (const what of space.changes) removed.push(`${fn.address}: ${what}`);
    const vpd = fn.vpd === undefined ? undefined : redactVpd(fn.vpd);
    if (vpd !== undefined && vpd.removed.length > 0)
      removed.push(`${fn.address}: vital product data: ${vpd.removed.join(', ')}`);
    return { ...fn, config: space.changes.size === 0 ? fn.config : space.bytes, vpd: vpd?.bytes };
  });
  return { capture: { ...capture, machine, functions }, removed };
}

/** `qemu` of `qemu:-device nvme,serial=…`: what a machine is opened with may name a serial number, or its owner. */
function withoutArguments(machine: string): string {
  return machine.split(':', 1).join('');
}

interface Space {
  readonly bytes: Uint8Array;
  /** What was taken out. */
  readonly changes: Set<string>;
}

/**
 * Where numbers stand. A list that is broken hides those behind the break from who walks it, and not from who reads the
 * bytes: there everything that looks like the capability is taken for one.
 */
function serialPlaces(config: Uint8Array): number[] {
  const reader = bytesReader(config);
  const { entries, findings } = walkExtendedCapabilities(reader);
  const walked = entries.filter(({ id }) => id === ExtendedCapabilityId.dsn).map(({ offset }) => offset);
  if (findings.length === 0) return walked.map((offset) => offset + SERIAL_OFFSET);
  const places = new Set(walked);
  for (let offset = EXTENDED_START; offset + SERIAL_OFFSET <= config.length; offset += 4)
    if ((reader.read(offset, 4) & 0xf_ffff) === SERIAL_HEADER) places.add(offset);
  return [...places].map((offset) => offset + SERIAL_OFFSET);
}

/** Its bytes as hexadecimal digits, as many as there are; undefined for one that was never written, of all zeros or ones. */
function serialAt(config: Uint8Array, at: number): string | undefined {
  const serial = Buffer.from(config.subarray(at, at + SERIAL_BYTES));
  if (serial.every((byte) => byte === 0) || serial.every((byte) => byte === 0xff)) return undefined;
  return serial.toString('hex');
}

function redactSerials({ bytes, changes }: Space, serials: ReadonlyMap<string, number>): void {
  const before = bytes.slice();
  for (const at of serialPlaces(before)) {
    const number = serials.get(serialAt(before, at) ?? '');
    if (number === undefined) continue;
    put(bytes, at, number);
    changes.add('device serial number');
  }
}

/** Where the space was cut off, as much of it as there is. */
function put(bytes: Uint8Array, at: number, number: number): void {
  const replaced = Buffer.alloc(SERIAL_BYTES);
  replaced.writeUInt32LE(number);
  bytes.set(replaced.subarray(0, Math.max(0, bytes.length - at)), at);
}

/** Numbers that take the place of others, by the lower and the upper half of those, in either order of bytes. */
type Copies = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** Bytes that say something: a number of almost nothing but zeros looks like many registers. */
const FEWEST_TELLING = 4;

function copiesOf(serials: ReadonlyMap<string, number>): Copies {
  const copies = new Map<number, Map<number, number>>();
  for (const [key, number] of serials) {
    const serial = Buffer.from(key, 'hex');
    const telling = serial.filter((byte) => byte !== 0 && byte !== 0xff).length;
    if (serial.length < SERIAL_BYTES || telling < FEWEST_TELLING) continue;
    for (const order of [serial, Buffer.from(serial).reverse()]) {
      const [low, high] = [order.readUInt32LE(0), order.readUInt32LE(4)];
      const halves = copies.get(low) ?? new Map<number, number>();
      copies.set(low, halves.set(high, number));
    }
  }
  return copies;
}

function redactCopies({ bytes, changes }: Space, copies: Copies): void {
  if (copies.size === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + SERIAL_BYTES <= bytes.length; at++) {
    const number = copies.get(view.getUint32(at, true))?.get(view.getUint32(at + 4, true));
    if (number === undefined) continue;
    put(bytes, at, number);
    changes.add('a copy of a device serial number');
  }
}

/** The register through which product data is read still has the last 4 bytes of it: of a serial number, perhaps. */
function redactVpdWindow({ bytes, changes }: Space): void {
  for (const { id, offset } of walkCapabilities(bytesReader(bytes)).entries) {
    if (id !== CapabilityId.vpd) continue;
    const start = offset + VPD_DATA_OFFSET;
    const window = bytes.subarray(start, start + VPD_DATA_BYTES);
    if (window.every((byte) => byte === 0)) continue;
    window.fill(0);
    changes.add('vital product data: what was read last');
  }
}
