/** The list of register tables: which header layout and which capability has which table. */
import type { RegisterTable } from '../registers.js';
import { extendedChoices, extendedTables } from './extended-list.js';
import { headerCommon } from './header-common.js';
import { header0 } from './header0.js';
import { header1 } from './header1.js';
import { header2 } from './header2.js';
import { standardChoices, standardTables } from './standard-list.js';
import type { CapabilityBytes, TableChoice } from './table-choice.js';

export { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from './aer.js';
export { header0, header1, header2, headerCommon };
export { aer } from './aer.js';
export { af } from './af.js';
export { agp } from './agp.js';
export { debugPort } from './debug-port.js';
export * from './cxl/index.js';
export { doe } from './doe.js';
export { dvsec } from './dvsec.js';
export { ea, eaBridge } from './ea.js';
export { htMsi, htRevision } from './ht.js';
export { htPrimary, htSecondary } from './ht-interfaces.js';
export { ide } from './ide.js';
export { IdeLayout, linkStreams, selectiveStreams } from './ide-layout.js';
export { margining } from './margining.js';
export { msi } from './msi.js';
export { msix } from './msix.js';
export { pcie } from './pcie.js';
export { pcix, pcixBridge } from './pcix.js';
export { pm } from './pm.js';
export { rebar, vfRebar } from './rebar.js';
export { sata } from './sata.js';
export { slotid } from './slot-id.js';
export { ssvid } from './ssvid.js';
export { vendor, virtio } from './vendor.js';
export { vpd } from './vpd.js';
export { PortType } from './express-port.js';
export { acs, ari } from './access-control.js';
export { ats, pri, pasid } from './address-translation.js';
export { rootAer } from './aer.js';
export { dpc } from './dpc.js';
export { l1ss, ltr, ptm } from './latency.js';
export { portMulticast } from './multicast.js';
export { tph } from './processing-hints.js';
export { rcec, RC_LINK_START, RC_LINK_STRIDE, rcLink } from './root-complex.js';
export { secondary } from './secondary.js';
export { dsn } from './serial-number.js';
export { sriov } from './sriov.js';
export { VC_START, VC_STRIDE, vc } from './virtual-channel.js';
export { vsec } from './vsec.js';
export type { CapabilityBytes, TableChoice } from './table-choice.js';

const headers: ReadonlyMap<number, RegisterTable> = new Map([
  [0, header0],
  [1, header1],
  [2, header2],
]);

/** Every table, once: for tests and documentation. */
export const tables: readonly RegisterTable[] = [
  headerCommon,
  ...headers.values(),
  ...standardTables,
  ...extendedTables,
];

/**
 * The table of a header by its header type register (0x0e); the multi-function bit does not matter.
 * A layout without a table gets the registers that all layouts share.
 */
export function headerTable(headerType: number): RegisterTable {
  return headers.get(headerType & 0x7f) ?? headerCommon;
}

function chosen(choice: TableChoice | undefined, bytes: CapabilityBytes): RegisterTable | undefined {
  return typeof choice === 'function' ? choice(bytes) : choice;
}

/** The table of a capability of the standard list; undefined when its registers are not known here. */
export function capabilityTable(id: number, bytes: CapabilityBytes): RegisterTable | undefined {
  return chosen(standardChoices.get(id), bytes);
}

/** The table of a capability of the extended list; undefined when its registers are not known here. */
export function extendedCapabilityTable(id: number, bytes: CapabilityBytes): RegisterTable | undefined {
  return chosen(extendedChoices.get(id), bytes);
}
