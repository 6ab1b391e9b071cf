/** Domain ids: the numbers by which Xen names its guests. */
import { OpenslotError } from '../pci/errors.js';

/** A checked Xen domain id, 0 to 0x7fff; 0 is dom0, ids from 0x7ff0 on are reserved (xen/include/public/xen.h). */
export type DomainId = number & { readonly __brand: 'DomainId' };

/** Highest number that the type carries. */
const LAST = 0x7fff;

/** A number is not a domain id. */
export class DomainIdRangeError extends OpenslotError {
  readonly code = 'DOMAIN_ID_RANGE';
  constructor(value: number) {
    super(`${value} is not a domain id: a whole number from 0 to ${LAST}`, { value, limit: LAST });
  }
}

/** @throws {DomainIdRangeError} not a whole number from 0 to 0x7fff. */
export function domainId(value: number): DomainId {
  if (!isDomainId(value)) throw new DomainIdRangeError(value);
  return value;
}

/** True for a number that {@link domainId} accepts. */
export function isDomainId(value: number): value is DomainId {
  return Number.isInteger(value) && value >= 0 && value <= LAST;
}

/** A domain id in decimal, as keys of XenStore hold it; undefined for every other text. */
export function parseDomainId(text: string | undefined): DomainId | undefined {
  const number = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return isDomainId(number) ? number : undefined;
}

/** The host's own domain. */
export const DOM0: DomainId = domainId(0);

/** Owner of I/O memory, and of devices in quarantine. */
export const DOMID_IO: DomainId = domainId(0x7ff1);
