/** lspci's words for vital product data. */
import {
  decodeVpd,
  hexDigits,
  vpdSum,
  type DecodedVpd,
  type VpdField,
  type VpdResource,
} from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';

/** lspci's names of fields, and which of them it shows as text. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['PN', 'Part number'],
  ['EC', 'Engineering changes'],
  ['MN', 'Manufacture ID'],
  ['SN', 'Serial number'],
  ['YA', 'Asset tag'],
  ['CC', 'CCIN'],
  ['FC', 'Feature code'],
  ['FN', 'FRU'],
  ['NA', 'Network address'],
  ['RM', 'Firmware version'],
]);
const SERIES: ReadonlyMap<string, string> = new Map([
  ['V', 'Vendor specific'],
  ['Y', 'System specific'],
  ['Z', 'Product specific'],
]);

/** Keyword and length. */
const FIELD_HEAD = 3;
const LARGE = 0x80;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Control characters as `\x0a`, backslashes twice, one NUL at the end dropped. Bytes that are no UTF-8 would be written
 * as they are by lspci; text cannot hold them, and they are shown like control characters.
 */
function quoted(bytes: Uint8Array): string {
  const text = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
  const plain = decoded(text);
  if (plain === undefined) return [...text].map((byte) => quotedByte(byte, byte < 0x80)).join('');
  return plain.replaceAll(/[\p{Cc}\\]/gu, (character) => quotedControl(character));
}

/** Of the control characters only those of one byte. */
function quotedControl(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x80 ? quotedByte(code, true) : character;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function quotedByte(byte: number, isAscii: boolean): string {
  if (byte === 0x5c) return '\\\\';
  return isAscii && byte >= 0x20 && byte !== 0x7f ? String.fromCharCode(byte) : `\\x${hexDigits(byte, 2)}`;
}

/** `[PN] Part number: 123-456`. */
function fieldLine(field: VpdField, vpd: DecodedVpd, data: Uint8Array): string {
  const { keyword, bytes, offset } = field;
  const label = `\t\t\t[${quoted(Uint8Array.of(keyword.charCodeAt(0), keyword.charCodeAt(1)))}] `;
  const name = NAMES.get(keyword) ?? SERIES.get(keyword.charAt(0));
  if (name !== undefined) return `${label}${name}: ${quoted(bytes)}\n`;
  if (field.kind === 'checksum') {
    const isRight = summed(data, offset + 1, vpd) === 0;
    return `${label}Reserved: checksum ${isRight ? 'good' : 'bad'}, ${field.length - 1} byte(s) reserved\n`;
  }
  if (field.kind === 'free') return `${label}Read-write area: ${bytes.length} byte(s) free\n`;
  const binary = [...bytes].map((byte) => hexDigits(byte, 2)).join(' ');
  return `${label}${keyword === 'CP' ? 'Extended capability' : 'Unknown'}: ${binary}\n`;
}

/**
 * The sum of the first bytes as lspci makes it: it steps over what follows the head of a field that is cut, and over
 * reserved bytes; of a checksum field without a byte it takes the one behind it, which then counts twice.
 */
function summed(data: Uint8Array, count: number, { resources, findings }: DecodedVpd): number {
  let sum = vpdSum(data, count);
  for (const resource of resources)
    for (const { kind, offset, length } of resource.kind === 'name' ? [] : resource.fields) {
      if (kind !== 'checksum' || offset + 1 >= count) continue;
      sum += length === 0 ? (data[offset] ?? 0) : -sumOf(data, offset + 1, offset + length);
    }
  for (const finding of findings) {
    if (finding.code !== 'VPD_FIELD_CUT' || finding.end >= count) continue;
    const { offset, end } = finding;
    sum -= sumOf(data, offset + FIELD_HEAD <= end ? offset + FIELD_HEAD : offset, end);
  }
  return sum & 0xff;
}

function sumOf(data: Uint8Array, start: number, end: number): number {
  return vpdSum(data.subarray(start, end), end - start);
}

/** Whether lspci comes to tell of a field that the data may end in: of a checksum it wants the first byte only. */
function isTold({ kind, offset, length, bytes }: VpdField, data: Uint8Array): boolean {
  return kind === 'checksum' ? offset < data.length : bytes.length === length;
}

/** A name that is cut is left out. */
function resourceLines(resource: VpdResource, vpd: DecodedVpd, data: Uint8Array): string {
  if (resource.kind === 'name') {
    const isCut = vpd.findings.some(
      ({ code, offset }) => code === 'VPD_RESOURCE_CUT' && offset === resource.offset,
    );
    return `\t\tProduct Name: ${isCut ? '' : quoted(resource.bytes)}\n`;
  }
  const title = resource.kind === 'read_only' ? 'Read-only' : 'Read/write';
  return `\t\t${title} fields:\n${resource.fields
    .filter((field) => isTold(field, data))
    .map((field) => fieldLine(field, vpd, data))
    .join('')}`;
}

/** Whether the first resource's tag, and its length if it has one, are there. */
function hasHead(vpd: Uint8Array): boolean {
  return vpd.length >= (((vpd[0] ?? 0) & LARGE) !== 0 ? FIELD_HEAD : 1);
}

export const writeVpd: CapabilityWriter = ({ verbosity, fn: { vpd } }) => {
  const line = 'Vital Product Data\n';
  if (verbosity < 2) return line;
  if (vpd === undefined || !hasHead(vpd)) return `${line}\t\tNot readable\n`;
  const found = decodeVpd(vpd);
  let text = line + found.resources.map((resource) => resourceLines(resource, found, vpd)).join('');
  const unknown = found.findings.find((finding) => finding.code === 'VPD_RESOURCE_UNKNOWN');
  if (unknown !== undefined)
    text += `\t\tUnknown ${unknown.size} resource type ${hexDigits(unknown.type, 2)}, will not decode more.\n`;
  else if (found.findings.some(({ code }) => code === 'VPD_END_MISSING')) text += '\t\tNo end tag found\n';
  else text += '\t\tEnd\n';
  return text;
};
