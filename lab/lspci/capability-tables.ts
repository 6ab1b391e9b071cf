/** Which register table stands behind each capability of a function, by the offset that lspci's lines name. */
import {
  bytesReader,
  capabilityTable,
  extendedCapabilityTable,
  tableReader,
  walkCapabilities,
  walkExtendedCapabilities,
} from '../../src/pci/index.js';

/** Table names by offset; a capability without a table has its id: `0x16`. */
export function capabilityTables(config: Uint8Array): ReadonlyMap<number, string> {
  const header = bytesReader(config);
  const names = new Map<number, string>();
  for (const { id, offset } of walkCapabilities(header).entries) {
    const table = capabilityTable(id, { header, capability: tableReader(header, offset) });
    names.set(offset, table?.name ?? `0x${id.toString(16).padStart(2, '0')}`);
  }
  for (const { id, offset } of walkExtendedCapabilities(header).entries) {
    const table = extendedCapabilityTable(id, { header, capability: tableReader(header, offset) });
    names.set(offset, table?.name ?? `extended 0x${id.toString(16).padStart(2, '0')}`);
  }
  return names;
}
