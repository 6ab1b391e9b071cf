/** Vital product data of a described function as its device holds it (PCI Local Bus 3.0, appendix I). */
import { vpdSum } from '../../../pci/index.js';
import type { ProductDataDescription } from './description.js';

/** Bytes of a field's data. */
export const LONGEST_VPD_FIELD = 0xff;
/** The checksum, and the room that is left in the writable list, which is none here. */
export const MADE_VPD_FIELDS: readonly string[] = ['RV', 'RW'];

const NAME = 0x82;
const READ_ONLY = 0x90;
const READ_WRITE = 0x91;
const END = 0x78;

const utf8 = new TextEncoder();

/** How many bytes of data a text is. */
export function vpdTextBytes(text: string): number {
  return utf8.encode(text).length;
}

/**
 * From address 0 up to its end tag. The checksum ends the read-only list, which is there always. What is longer than
 * {@link VPD_BYTES} has lengths that are cut, and is for nobody.
 */
export function encodeVpd({ name, readOnly = {}, readWrite }: ProductDataDescription): Uint8Array {
  const before = Uint8Array.from([
    ...(name === undefined ? [] : resource(NAME, [...utf8.encode(name)])),
    ...resource(READ_ONLY, [...fields(readOnly), ...field('RV', [0])]),
  ]);
  // The sum of all bytes up to the checksum, itself included, is 0.
  const checksum = before.length - 1;
  before[checksum] = -vpdSum(before, checksum) & 0xff;
  return Uint8Array.from([
    ...before,
    ...(readWrite === undefined ? [] : resource(READ_WRITE, fields(readWrite))),
    END,
  ]);
}

function fields(texts: Readonly<Record<string, string>>): number[] {
  return Object.entries(texts).flatMap(([keyword, text]) => field(keyword, [...utf8.encode(text)]));
}

function field(keyword: string, bytes: readonly number[]): number[] {
  return [...utf8.encode(keyword), bytes.length, ...bytes];
}

function resource(tag: number, bytes: readonly number[]): number[] {
  return [tag, bytes.length & 0xff, (bytes.length >>> 8) & 0xff, ...bytes];
}
