/** Where things stand in the page that both ends share (xen/include/public/io/pciif.h, struct xen_pci_sharedinfo). */

/** Bits of the flags word. */
export const PageFlag = { frontActive: 1, aerHandler: 2, backActive: 4 } as const;

const SHARED_PAGE_BYTES = 4096;

/** Byte offsets divided by 4: the page is read and written as 32-bit words. */
export const PageWord = {
  flags: 0,
  command: 1,
  error: 2,
  domain: 3,
  bus: 4,
  devfn: 5,
  offset: 6,
  size: 7,
  value: 8,
  /** 128 entries of { u16 vector; u16 entry }: one word each, vector in the low half. */
  entries: 10,
  /** The back end's own request, behind `op` of 548 bytes. */
  aerCommand: 138,
  aerError: 139,
  aerDomain: 140,
  aerBus: 141,
  aerDevfn: 142,
} as const;

/** @throws {RangeError} there are fewer bytes than the protocol's page has. */
export function pageWords(bytes: Uint8Array): Int32Array {
  if (bytes.length < SHARED_PAGE_BYTES) throw new RangeError('the shared page has 4096 bytes');
  return new Int32Array(bytes.buffer, bytes.byteOffset, SHARED_PAGE_BYTES / 4);
}
