/** The number by which a maker tells a card from its like: where a captured function has it, and whether it could be read. */
import type { CapturedFunction } from '../../function/index.js';
import {
  bytesReader,
  CapabilityId,
  capabilityOffsets,
  decodeVpd,
  dsn,
  hexDigits,
  presentTables,
  visibleText,
  VPD_BYTES,
} from '../../pci/index.js';

/** Text as its source writes it: `00-1b-21-ff-ff-3c-4d-5e`, or what the field SN holds. */
export interface SerialNumber {
  /** `dsn`: the Device Serial Number capability (PCI Express Base 6.0, 7.9.3); `vpd`: the field SN of vital product data. */
  readonly source: 'dsn' | 'vpd';
  readonly text: string;
}

/** A number, that there is none, or that nobody can tell here. */
export type SerialReading =
  { readonly kind: 'read'; readonly serial: SerialNumber } | { readonly kind: 'none' } | UnreadSerial;

/** It may have one: of its configuration space or its product data not enough could be read. */
export interface UnreadSerial {
  readonly kind: 'unread';
  readonly why: string;
  /** What helps. */
  readonly next: string;
}

const NONE: SerialReading = { kind: 'none' };

/** Bytes of configuration space that every function has; the kernel shows 64 of them to users who are not root. */
const WHOLE_CONFIG = 256;

/** A number that a maker forgot to write: all its digits are the same, 0 or f. */
const NEVER_WRITTEN = /^(?:0+|f+)$/;

/** From the capability of configuration space. */
export function capabilitySerial(
  fn: Pick<CapturedFunction, 'address' | 'config' | 'unreadable'>,
): SerialReading {
  const { address, config } = fn;
  const missing = fn.unreadable.find(
    ({ what }) => what === 'the function' || what.startsWith('configuration space'),
  );
  if (missing !== undefined) return unread(missing.why, `what can be read of it: openslot show ${address}`);
  if (config.length < WHOLE_CONFIG)
    return unread(
      `only ${config.length} bytes of its configuration space could be read`,
      'the same as root: sudo',
    );
  if (config.every((byte) => byte === 0xff))
    return unread(
      'it does not answer',
      `remove it and let the host look again; why: openslot explain ${address}`,
    );
  const reader = bytesReader(config);
  for (const { table, base } of presentTables(reader)) {
    if (table !== dsn) continue;
    const low = reader.read(base + LOW, 4) >>> 0;
    const high = reader.read(base + HIGH, 4) >>> 0;
    const digits = hexDigits(high, 8) + hexDigits(low, 8);
    if (NEVER_WRITTEN.test(digits)) return NONE;
    return { kind: 'read', serial: { source: 'dsn', text: (digits.match(/../g) ?? []).join('-') } };
  }
  return NONE;
}

function unread(why: string, next: string): UnreadSerial {
  return { kind: 'unread', why, next };
}

/** Of vital product data. */
const FREE = 'it can be read as root, and where nobody else uses the registers of its capability';

/** Offsets of the two halves of the number in its capability. */
const LOW = 4;
const HIGH = 8;

/** Whether product data, where the number may stand as well, is to be had. */
export function hasProductData({ config }: Pick<CapturedFunction, 'config'>): boolean {
  return capabilityOffsets(bytesReader(config)).has(CapabilityId.vpd);
}

/** From vital product data, of a capture that was taken with it. */
export function productDataSerial(fn: Pick<CapturedFunction, 'vpd' | 'unreadable'>): SerialReading {
  if (fn.vpd === undefined) {
    const missing = fn.unreadable.find(({ what }) => what === 'vital product data');
    return missing === undefined ? NONE : unread(missing.why, FREE);
  }
  for (const resource of decodeVpd(fn.vpd.subarray(0, VPD_BYTES)).resources) {
    if (resource.kind !== 'read_only') continue;
    const field = resource.fields.find(({ keyword }) => keyword === 'SN');
    if (field === undefined) continue;
    if (field.bytes.length < field.length) return unread('its product data ends within it', FREE);
    const text = visibleText(
      Buffer.from(field.bytes)
        .toString('latin1')
        .replace(/[\0 ]+$/, ''),
    );
    return text === '' || NEVER_WRITTEN.test(text.toLowerCase())
      ? NONE
      : { kind: 'read', serial: { source: 'vpd', text } };
  }
  return NONE;
}
