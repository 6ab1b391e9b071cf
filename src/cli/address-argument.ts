/** The argument ADDRESS: hexadecimal notation, checked before anything is opened. */
import { notations, type PciAddress } from '../pci/index.js';

export const ADDRESS_ARGUMENT = '<address>';
export const ADDRESS_HELP = 'the function, hexadecimal: [DDDD:]BB:DD.F';

/** @throws {MalformedAddressError | AddressRangeError} */
export function parseAddress(text: string): PciAddress {
  return notations.hex.parse(text);
}
