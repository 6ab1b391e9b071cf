/** Takes out of a capture what tells one board from another of its kind: serial numbers, and what its owner wrote on it. */
import type { Capture, CapturedFunction } from '../../function/index.js';
import { bytesReader, ExtendedCapabilityId, walkExtendedCapabilities } from '../../pci/index.js';
import { redactVpd } from './vpd-redaction.js';

export interface Redaction {
  readonly capture: Capture;
  /** For each function what was taken out of it: `0000:0a:00.0: device serial number`. */
  readonly removed: readonly string[];
}

/** Bytes of the number behind the capability's header (PCI Express Base 6.0, 7.9.3). */
const SERIAL_OFFSET = 4;
const SERIAL_BYTES = 8;

/**
 * The same capture without serial numbers. A device serial number becomes the number of its first appearance, 1 and up:
 * those that were equal stay equal, so that functions of one device are still told as such.
 */
export function redactCapture(capture: Capture): Redaction {
  const serials = new Map<string, bigint>();
  const removed: string[] = [];
  const functions = capture.functions.map((fn) => {
    const config = withoutSerial(fn, serials);
    if (config !== undefined) removed.push(`${fn.address}: device serial number`);
    const vpd = fn.vpd === undefined ? undefined : redactVpd(fn.vpd);
    if (vpd !== undefined && vpd.removed.length > 0)
      removed.push(`${fn.address}: vital product data: ${vpd.removed.join(', ')}`);
    return { ...fn, config: config ?? fn.config, vpd: vpd?.bytes };
  });
  return { capture: { ...capture, functions }, removed };
}

/** A copy of configuration space; undefined where there is nothing to take out. */
function withoutSerial({ config }: CapturedFunction, serials: Map<string, bigint>): Uint8Array | undefined {
  let copy: Uint8Array | undefined;
  for (const { id, offset } of walkExtendedCapabilities(bytesReader(config)).entries) {
    if (id !== ExtendedCapabilityId.dsn) continue;
    const at = offset + SERIAL_OFFSET;
    const serial = Buffer.from(config.subarray(at, at + SERIAL_BYTES));
    // One that was never written says nothing of its board.
    if (serial.every((byte) => byte === 0) || serial.every((byte) => byte === 0xff)) continue;
    const key = serial.toString('hex');
    const number = serials.get(key) ?? BigInt(serials.size + 1);
    serials.set(key, number);
    copy ??= config.slice();
    const replaced = Buffer.alloc(SERIAL_BYTES);
    replaced.writeBigUInt64LE(number);
    // Where the space was cut off, as much of it as there is.
    copy.set(replaced.subarray(0, serial.length), at);
  }
  return copy;
}
