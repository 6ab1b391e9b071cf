/** Vital product data decoded: its resources, their fields, and what is wrong with them. */

/** How the data of a field reads. */
export type VpdFieldKind =
  | 'text'
  | 'binary'
  /** Its first byte makes the sum of all bytes up to it 0; the others are reserved. */
  | 'checksum'
  /** Room for more fields. */
  | 'free';

/** A field of a list, by its keyword of two characters (PCI Local Bus 3.0, appendix I). */
export interface VpdField {
  readonly keyword: string;
  readonly title: string;
  readonly kind: VpdFieldKind;
  /** Where its data begins. */
  readonly offset: number;
  /** Bytes of its data as it says itself; the last one of data that ends early has fewer. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** A large resource of vital product data (PCI Local Bus 3.0, appendix I). */
export type VpdResource =
  /** What the card calls itself. */
  | { readonly kind: 'name'; readonly offset: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'read_only' | 'read_write';
      readonly offset: number;
      readonly fields: readonly VpdField[];
    };

/** What is wrong with vital product data; what stands before it is decoded all the same. */
export type VpdFinding =
  /** The data ends, or points past where data can be, without an end tag. */
  | { readonly code: 'VPD_END_MISSING'; readonly offset: number }
  /** A resource that no specification puts here; what follows it is not decoded. */
  | {
      readonly code: 'VPD_RESOURCE_UNKNOWN';
      readonly offset: number;
      readonly size: 'large' | 'small';
      readonly type: number;
    }
  /** A resource is longer than the data; what there is of it is told. */
  | { readonly code: 'VPD_RESOURCE_CUT'; readonly offset: number }
  /** A field is longer than its list, or its list ends inside its head; `end`: of that list. */
  | { readonly code: 'VPD_FIELD_CUT'; readonly offset: number; readonly end: number }
  | { readonly code: 'VPD_CHECKSUM_WRONG'; readonly offset: number };

/** Made by `decodeVpd`. */
export interface DecodedVpd {
  readonly resources: readonly VpdResource[];
  /** Bytes up to the end, its tag included; where there is none, of the resources that are whole. */
  readonly length: number;
  readonly findings: readonly VpdFinding[];
}

/** Addresses have 15 bits (PCI Local Bus 3.0, appendix I). */
export const VPD_BYTES = 0x8000;

/** Tags of resources (ISA Plug and Play 1.0a, 6.2): the types of large ones with bit 7 set, small ones as they are. */
const Tag = { name: 0x82, readOnly: 0x90, readWrite: 0x91 } as const;
const KNOWN: ReadonlySet<number> = new Set(Object.values(Tag));
const LARGE = 0x80;
const END_TYPE = 0x0f;
/** Bytes of the head of a large resource, and of a field: tag or keyword, and a length. */
const HEAD = 3;

const FIELDS: ReadonlyMap<string, readonly [title: string, kind: VpdFieldKind]> = new Map<
  string,
  readonly [string, VpdFieldKind]
>([
  ['PN', ['Part number', 'text']],
  ['EC', ['Engineering change level', 'text']],
  ['FG', ['Fabric geography', 'text']],
  ['LC', ['Location', 'text']],
  ['MN', ['Manufacture ID', 'text']],
  ['PG', ['PCI geography', 'text']],
  ['SN', ['Serial number', 'text']],
  ['CP', ['Extended capability', 'binary']],
  ['RV', ['Checksum and reserved', 'checksum']],
  ['YA', ['Asset tag', 'text']],
  ['RW', ['Remaining read/write area', 'free']],
  ['CC', ['Customer card identification number', 'text']],
  ['FC', ['Feature code', 'text']],
  ['FN', ['Field replaceable unit', 'text']],
  ['NA', ['Network address', 'text']],
  ['RM', ['Firmware version', 'text']],
]);
/** First letters of keywords whose second one is free. */
const SERIES: ReadonlyMap<string, string> = new Map([
  ['V', 'Vendor specific'],
  ['Y', 'System specific'],
  ['Z', 'Product specific'],
]);

/** Decodes data from address 0 on. Any bytes are answered; what is damaged is a finding. */
export function decodeVpd(bytes: Uint8Array): DecodedVpd {
  const resources: VpdResource[] = [];
  const findings: VpdFinding[] = [];
  let at = 0;
  for (;;) {
    const head = resourceAt(bytes, at);
    if (head === undefined) break;
    const { type, size, start, end } = head;
    if (size === 'small' && type === END_TYPE) return { resources, length: start, findings };
    if (end > VPD_BYTES) break;
    const tag = size === 'large' ? type | LARGE : undefined;
    if (tag === Tag.readOnly || tag === Tag.readWrite) {
      const kind = tag === Tag.readOnly ? 'read_only' : 'read_write';
      resources.push({ kind, offset: at, fields: fieldsOf(bytes, start, end, findings) });
    } else if (tag === Tag.name) {
      resources.push({ kind: 'name', offset: at, bytes: bytes.subarray(start, end) });
    } else {
      findings.push({ code: 'VPD_RESOURCE_UNKNOWN', offset: at, size, type });
      return { resources, length: at, findings };
    }
    if (end > bytes.length) {
      findings.push({ code: 'VPD_RESOURCE_CUT', offset: at });
      break;
    }
    at = end;
  }
  findings.push({ code: 'VPD_END_MISSING', offset: at });
  return { resources, length: at, findings };
}

interface ResourceHead {
  readonly size: 'large' | 'small';
  readonly type: number;
  /** Of its data; the end may lie past what was read. */
  readonly start: number;
  readonly end: number;
}

/** The head of the resource that begins there; undefined where it was not read. */
function resourceAt(bytes: Uint8Array, at: number): ResourceHead | undefined {
  const tag = bytes[at];
  if (tag === undefined) return undefined;
  if ((tag & LARGE) === 0) return { size: 'small', type: tag >> 3, start: at + 1, end: at + 1 + (tag & 7) };
  const [low, high] = [bytes[at + 1], bytes[at + 2]];
  if (low === undefined || high === undefined) return undefined;
  const start = at + HEAD;
  return { size: 'large', type: tag & ~LARGE, start, end: start + low + high * 0x100 };
}

/** The fields of a list, as far as they are whole. */
function fieldsOf(bytes: Uint8Array, start: number, end: number, findings: VpdFinding[]): VpdField[] {
  const fields: VpdField[] = [];
  let at = start;
  while (at < end) {
    const offset = at + HEAD;
    const next = offset + (bytes[at + 2] ?? 0);
    const isCut = next > bytes.length;
    if (isCut || offset > end || next > end) findings.push({ code: 'VPD_FIELD_CUT', offset: at, end });
    if (offset > Math.min(end, bytes.length) || next > end) break;
    const keyword = String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0);
    const [title, kind] = FIELDS.get(keyword) ?? seriesOf(keyword);
    fields.push({ keyword, title, kind, offset, length: next - offset, bytes: bytes.subarray(offset, next) });
    if (isCut) break;
    if (kind === 'checksum' && !isChecksumRight(bytes, offset, next))
      findings.push({ code: 'VPD_CHECKSUM_WRONG', offset });
    at = next;
  }
  return fields;
}

function seriesOf(keyword: string): readonly [title: string, kind: VpdFieldKind] {
  const title = SERIES.get(keyword.charAt(0));
  return title === undefined ? ['Unknown', 'binary'] : [title, 'text'];
}

/** A field without a byte has no checksum that could be right. */
function isChecksumRight(bytes: Uint8Array, offset: number, next: number): boolean {
  return next > offset && vpdSum(bytes, offset + 1) === 0;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name or a field of text, without NULs at its end; bytes that are no UTF-8 are taken as Latin-1. */
export function vpdText(bytes: Uint8Array): string {
  let end = bytes.length;
  while (bytes[end - 1] === 0) end--;
  const text = bytes.subarray(0, end);
  try {
    return utf8.decode(text);
  } catch {
    return Array.from(text, (byte) => String.fromCharCode(byte)).join('');
  }
}

/** Of the first bytes, in 8 bits. */
export function vpdSum(bytes: Uint8Array, count: number): number {
  let sum = 0;
  for (const byte of bytes.subarray(0, count)) sum += byte;
  return sum & 0xff;
}

/**
 * How many bytes from address 0 on must have been read to know where the data ends: the next head, or the end itself.
 * For who reads it piece by piece, until it asks for no more than is there.
 */
export function vpdBytesNeeded(bytes: Uint8Array): number {
  let at = 0;
  for (;;) {
    const head = resourceAt(bytes, at);
    if (head === undefined) return Math.min(at + HEAD, VPD_BYTES);
    const { size, type, start, end } = head;
    if (size === 'small' || !KNOWN.has(type | LARGE) || end > VPD_BYTES) return start;
    at = end;
  }
}
