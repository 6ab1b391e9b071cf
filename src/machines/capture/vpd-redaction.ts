/** Vital product data without what names one board, its lengths and its checksum as they were. */

export interface RedactedVpd {
  /** Undefined where it could not be read as resources and fields: then none of it is kept. */
  readonly bytes: Uint8Array | undefined;
  /** Keywords of the fields that were overwritten; `all of it` where nothing was kept. */
  readonly removed: readonly string[];
}

/** Tags of resources (PCI Local Bus 3.0, appendix I; ISA Plug and Play 1.0a, 6.2). */
const Tag = { identifier: 0x82, readOnly: 0x90, readWrite: 0x91, end: 0x78 } as const;
const CHECKSUM = 'RV';
/** The serial number; what the vendor, the system's maker and its owner (the asset tag YA) put there. */
const PERSONAL = /^(SN|V.|Y.)$/s;
const FILL = 'X'.charCodeAt(0);

interface VpdField {
  readonly keyword: string;
  /** Of its data. */
  readonly start: number;
  readonly end: number;
}

/** Overwrites personal fields with X, and sets the checksum anew where it was right. */
export function redactVpd(vpd: Uint8Array): RedactedVpd {
  const read = readFields(vpd);
  if (read === undefined) return { bytes: undefined, removed: ['all of it'] };
  const { fields, end: length } = read;
  // Behind the end tag anything may stand.
  const bytes = vpd.slice(0, length);
  const personal = fields.filter(({ keyword, start, end }) => PERSONAL.test(keyword) && end > start);
  for (const { start, end } of personal) bytes.fill(FILL, start, end);
  const checksum = fields.find(({ keyword, start, end }) => keyword === CHECKSUM && end > start);
  if (checksum !== undefined && sumOf(vpd, checksum.start) === 0) {
    const at = checksum.start;
    bytes[at] = (bytes[at] ?? 0) - sumOf(bytes, at);
  }
  return { bytes, removed: personal.map(({ keyword }) => keyword) };
}

/** Of all bytes from the first to `last`, which the checksum makes 0. */
function sumOf(bytes: Uint8Array, last: number): number {
  return bytes.subarray(0, last + 1).reduce((sum, byte) => (sum + byte) & 0xff, 0);
}

/** All fields of both lists, and where they end; undefined where lengths do not fit, or something else stands there. */
function readFields(
  vpd: Uint8Array,
): { readonly fields: readonly VpdField[]; readonly end: number } | undefined {
  const fields: VpdField[] = [];
  let at = 0;
  while (at < vpd.length) {
    const tag = vpd[at];
    if (tag === Tag.end) return { fields, end: at + 1 };
    const start = at + 3;
    const end = start + (vpd[at + 1] ?? 0) + (vpd[at + 2] ?? 0) * 0x100;
    if (end > vpd.length) return undefined;
    if (tag === Tag.readOnly || tag === Tag.readWrite) {
      if (!addFields(fields, vpd, start, end)) return undefined;
    } else if (tag !== Tag.identifier) return undefined;
    at = end;
  }
  return { fields, end: at };
}

/** False where the last field is longer than its list. */
function addFields(fields: VpdField[], vpd: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to;) {
    const start = at + 3;
    const end = start + (vpd[at + 2] ?? 0);
    if (end > to) return false;
    fields.push({ keyword: String.fromCharCode(vpd[at] ?? 0, vpd[at + 1] ?? 0), start, end });
    at = end;
  }
  return true;
}
