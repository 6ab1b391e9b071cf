/** What firmware tells of IOMMUs in the tables of ACPI. */
export type { ReservedMemory, ScopedPath } from './remapping.js';
export { readRemapping, type Remapping, type RemappingTable } from './read-remapping.js';
