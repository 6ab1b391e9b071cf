/** The argument ADDRESS: hexadecimal notation, checked before anything is opened. */
import type { PciAddress } from '../pci/address.js';
import { hex } from '../pci/notations.js';

export const ADDRESS_ARGUMENT = '<address>';
export const ADDRESS_HELP = 'the function, hexadecimal: [DDDD:]BB:DD.F';

/** @throws {MalformedAddressError | AddressRangeError} */
export function parseAddress(text: string): PciAddress {
  return hex.parse(text);
}
