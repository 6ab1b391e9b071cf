/** A function's vital product data on whatever machine: in its host's own way, else through its capability. */
import { CapabilityId, capabilityOffsets, reasonOf, type ConfigReader } from '../pci/index.js';
import { isRefusal, VpdUnreadableError } from './errors.js';
import type { PciFunction } from './function.js';
import type { HostFacts } from './host-facts.js';
import type { FunctionSummary, Machine } from './machine.js';
import { readVpd } from './read-vpd.js';

/** The data from address 0 on, undefined where there is none or it was not read; then with the reason. */
export interface ProductData {
  readonly bytes: Uint8Array | undefined;
  /** Empty, or one entry. */
  readonly unreadable: FunctionSummary['unreadable'];
}

/** What is known of the function before its data is read. */
export interface ProductDataSource {
  /** Its configuration space as it was read before: it tells whether there is the capability. */
  readonly registers: ConfigReader;
  /** The host's own way. */
  readonly readVpd: HostFacts['readVpd'];
  /** Who uses the function, in words (`driver nvme`): the capability is left to him. Undefined where nobody does. */
  readonly user: string | undefined;
}

/** Of a function that has none. */
export const NO_PRODUCT_DATA: ProductData = { bytes: undefined, unreadable: [] };

/**
 * A host that has a way of its own is asked, and nobody else: it shares the capability with its drivers, and keeps off
 * devices that break when they are read. May take a second. Without the capability nothing is accessed, and what is
 * refused is a reason, no error.
 */
export function productData(
  { name, capabilities }: Pick<Machine, 'name' | 'capabilities'>,
  fn: Pick<PciFunction, 'address' | 'config'>,
  { registers, readVpd: readByHost, user }: ProductDataSource,
): ProductData {
  const { address } = fn;
  const isThere = capabilityOffsets(registers).has(CapabilityId.vpd);
  const refuse = (why: string) => new VpdUnreadableError(address, why);
  try {
    let bytes: Uint8Array | undefined;
    // Where the host hides the capability from this user, it says why itself.
    if (readByHost !== undefined) bytes = readByHost();
    else if (!isThere) return NO_PRODUCT_DATA;
    else if (!capabilities.configWrite) throw refuse(`${name} cannot write the register that asks for it`);
    else bytes = readVpd(fn, user);
    if (bytes !== undefined && bytes.length > 0) return { bytes, unreadable: [] };
    if (!isThere) return NO_PRODUCT_DATA;
    throw refuse(`${name} gives none of it`);
  } catch (refusal) {
    if (!isRefusal(refusal)) throw refusal;
    return {
      bytes: undefined,
      unreadable: [{ what: 'vital product data', why: reasonOf(refusal) }],
    };
  }
}
