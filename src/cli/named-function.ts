/** Which function the user means: an address, or a name, checked against the device that stands there now. */
import { isFunctionName } from '../admin/names/function-name.js';
import { notations, type PciAddress } from '../pci/index.js';
import type { MachineChoice } from './machine-option.js';

/**
 * Text that reads as an address is one, and nothing is opened for it; everything else is a name.
 * @throws {MalformedAddressError | AddressRangeError} it is an address that is none, and can be no name.
 * @throws {OpenslotError} with a code `NAME_…`: nobody has the name, or another device stands where the named one did.
 */
export async function functionNamed(text: string, choice: MachineChoice): Promise<PciAddress> {
  if (!isFunctionName(text)) return notations.hex.parse(text);
  const { functionNames } = await import('./function-names.js');
  return functionNames(choice).find(text);
}

/** All that stand in a row. @throws as {@link functionNamed} does, of the first one. */
export async function functionsNamed(
  texts: readonly string[],
  choice: MachineChoice,
): Promise<readonly PciAddress[]> {
  const addresses: PciAddress[] = [];
  for (const text of texts) addresses.push(await functionNamed(text, choice));
  return addresses;
}
