/** Vital product data without what names one board, its lengths and its checksum as they were. */

import { decodeVpd, vpdSum } from '../../pci/index.js';

export interface RedactedVpd {
  /** Undefined where it could not be read as resources and fields: then none of it is kept. */
  readonly bytes: Uint8Array | undefined;
  /** Keywords of the fields that were overwritten; `all of it` where nothing was kept. */
  readonly removed: readonly string[];
}

const CHECKSUM = 'RV';
/** The serial number; what the vendor, the system's maker and its owner (the asset tag YA) put there. */
const PERSONAL = /^(SN|V.|Y.)$/s;
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
  const personal = fields.filter((field) => PERSONAL.test(field.keyword) && field.length > 0);
  for (const { offset, length: size } of personal) bytes.fill(FILL, offset, offset + size);
  const checksum = fields.find((field) => field.keyword === CHECKSUM && field.length > 0);
  if (checksum !== undefined && vpdSum(vpd, checksum.offset + 1) === 0) {
    const at = checksum.offset;
    bytes[at] = (bytes[at] ?? 0) - vpdSum(bytes, at + 1);
  }
  return { bytes, removed: personal.map(({ keyword }) => keyword) };
}
