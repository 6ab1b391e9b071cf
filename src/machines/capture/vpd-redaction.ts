/** Vital product data without what names one board, its lengths and its checksum as they were. */

import { decodeVpd, vpdSum } from '../../pci/index.js';

export interface RedactedVpd {
  /** Undefined where it could not be read as resources and fields: then none of it is kept. */
  readonly bytes: Uint8Array | undefined;
  /** Keywords of the fields that were overwritten; `all of it` where nothing was kept. */
  readonly removed: readonly string[];
}

const CHECKSUM = 'RV';
/**
 * What all boards of a kind have alike. In any other field a vendor, the system's maker or its owner may have put a
 * serial number, a network address (NA), an asset tag (YA): a keyword that is not known is one of those.
 */
const ALIKE: ReadonlySet<string> = new Set(['PN', 'EC', 'FG', 'LC', 'PG', 'CP', 'FC', 'RM', 'RV']);
const FILL = 'X'.charCodeAt(0);

/** Overwrites personal fields with X, and sets the checksum anew where it was right. */
export function redactVpd(vpd: Uint8Array): RedactedVpd {
  const { resources, length, findings } = decodeVpd(vpd);
  // What does not fit may hide a field; an end without a tag hides nothing where the data ends there as well.
  const isOdd = findings.some(
    ({ code }) => code !== 'VPD_CHECKSUM_WRONG' && (code !== 'VPD_END_MISSING' || length < vpd.length),
  );
  if (isOdd) return { bytes: undefined, removed: ['all of it'] };
  const fields = resources.flatMap((resource) => (resource.kind === 'name' ? [] : resource.fields));
  // Behind the end tag anything may stand.
  const bytes = vpd.slice(0, length);
  const personal = fields.filter((field) => !ALIKE.has(field.keyword) && field.length > 0);
  for (const { offset, length: size } of personal) bytes.fill(FILL, offset, offset + size);
  // Behind the sum is room, in which what stood there before may be left.
  for (const { keyword, offset, length: size } of fields)
    if (keyword === CHECKSUM && size > 0) bytes.fill(0, offset + 1, offset + size);
  const checksum = fields.find((field) => field.keyword === CHECKSUM && field.length > 0);
  if (checksum !== undefined && vpdSum(vpd, checksum.offset + 1) === 0) {
    const at = checksum.offset;
    bytes[at] = (bytes[at] ?? 0) - vpdSum(bytes, at + 1);
  }
  return { bytes, removed: personal.map(({ keyword }) => keyword) };
}
