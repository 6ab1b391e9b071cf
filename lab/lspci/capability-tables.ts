/** Which register table stands behind each capability of a function, by the offset as lspci's lines write it. */
import { bytesReader, capabilityTable, extendedCapabilityTable, tableReader } from '../../src/pci/index.js';

/** Offsets of the standard list have two digits, those of the extended one three, wherever a broken chain leads. */
const EXTENDED_DIGITS = 3;

/** Name of the table; of a capability without one its id: `0x16`. */
export function tableAt(config: Uint8Array, printed: string): string {
  const header = bytesReader(config);
  const capability = tableReader(header, parseInt(printed, 16));
  const extended = printed.length === EXTENDED_DIGITS;
  const id = capability.read(0, extended ? 2 : 1);
  const choose = extended ? extendedCapabilityTable : capabilityTable;
  const number = `0x${id.toString(16).padStart(2, '0')}`;
  return choose(id, { header, capability })?.name ?? (extended ? `extended ${number}` : number);
}
