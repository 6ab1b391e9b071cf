/** The list of register tables: which header layout and which capability has which table. */
import { CapabilityId, ExtendedCapabilityId } from '../capability-ids.js';
import type { RegisterReader, RegisterTable } from '../registers.js';
import { aer } from './aer.js';
import { headerCommon } from './header-common.js';
import { header0 } from './header0.js';
import { header1 } from './header1.js';
import { msi } from './msi.js';
import { msix } from './msix.js';
import { pcie } from './pcie.js';
import { pm } from './pm.js';
import { vpd } from './vpd.js';

export { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from './aer.js';
export { aer, header0, header1, headerCommon, msi, msix, pcie, pm, vpd };

const headers: ReadonlyMap<number, RegisterTable> = new Map([
  [0, header0],
  [1, header1],
]);

const capabilities: ReadonlyMap<number, TableChoice> = new Map<number, TableChoice>([
  [CapabilityId.pm, pm],
  [CapabilityId.vpd, vpd],
  [CapabilityId.msi, msi],
  [CapabilityId.pcie, pcie],
  [CapabilityId.msix, msix],
]);

const extendedCapabilities: ReadonlyMap<number, TableChoice> = new Map<number, TableChoice>([
  [ExtendedCapabilityId.aer, aer],
]);

/** Every table, once: for tests and documentation. */
export const tables: readonly RegisterTable[] = [
  headerCommon,
  ...headers.values(),
  pm,
  vpd,
  msi,
  pcie,
  msix,
  aer,
];

/**
 * The table of a header by its header type register (0x0e); the multi-function bit does not matter.
 * A layout without a table gets the registers that all layouts share.
 */
export function headerTable(headerType: number): RegisterTable {
  return headers.get(headerType & 0x7f) ?? headerCommon;
}

/** What a capability is chosen a table by, besides its id: its own bytes, and those of the function's header. */
export interface CapabilityBytes {
  readonly capability: RegisterReader;
  readonly header: RegisterReader;
}

/** Chooses among tables of one id: by the sub type, the vendor, the version. Undefined where none is known. */
type TableChoice = RegisterTable | ((bytes: CapabilityBytes) => RegisterTable | undefined);

function chosen(choice: TableChoice | undefined, bytes: CapabilityBytes): RegisterTable | undefined {
  return typeof choice === 'function' ? choice(bytes) : choice;
}

/** The table of a capability of the standard list; undefined when its registers are not known here. */
export function capabilityTable(id: number, bytes: CapabilityBytes): RegisterTable | undefined {
  return chosen(capabilities.get(id), bytes);
}

/** The table of a capability of the extended list; undefined when its registers are not known here. */
export function extendedCapabilityTable(id: number, bytes: CapabilityBytes): RegisterTable | undefined {
  return chosen(extendedCapabilities.get(id), bytes);
}
