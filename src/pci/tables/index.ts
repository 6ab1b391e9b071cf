/** The list of register tables: which header layout and which capability has which table. */
import { CapabilityId, ExtendedCapabilityId } from '../capability-ids.js';
import type { RegisterReader, RegisterTable } from '../registers.js';
import { aer } from './aer.js';
import { af } from './af.js';
import { agp } from './agp.js';
import { agp8x } from './agp8x.js';
import { compactPciCentralResource, compactPciHotSwap } from './compact-pci.js';
import { debugPort } from './debug-port.js';
import { ea, eaBridge } from './ea.js';
import { fpb } from './fpb.js';
import { headerCommon } from './header-common.js';
import { header0 } from './header0.js';
import { header1 } from './header1.js';
import { header2 } from './header2.js';
import { htTable, htTables } from './ht.js';
import { msi } from './msi.js';
import { msix } from './msix.js';
import { nullCapability } from './null.js';
import { pcie } from './pcie.js';
import { pcix, pcixBridge } from './pcix.js';
import { pm } from './pm.js';
import { sata, sataTable, sataWindow } from './sata.js';
import { secure } from './secure.js';
import { shpc } from './shpc.js';
import { slotid } from './slot-id.js';
import { ssvid } from './ssvid.js';
import { intelVendor, vendor, vendorTable, virtio, virtioAccess } from './vendor.js';
import { vpd } from './vpd.js';

export { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from './aer.js';
export { aer, header0, header1, header2, headerCommon, msi, msix, pcie, pm, vpd };
export { af, agp, debugPort, ea, eaBridge, pcix, pcixBridge, sata, slotid, ssvid, vendor, virtio };
export { htMsi, htRevision } from './ht.js';
export { htPrimary, htSecondary } from './ht-interfaces.js';

const headers: ReadonlyMap<number, RegisterTable> = new Map([
  [0, header0],
  [1, header1],
  [2, header2],
]);

/** A bridge has other registers than a device in some capabilities; the header tells which one it is. */
function byLayout(device: RegisterTable, bridge: RegisterTable): TableChoice {
  return ({ header }) => ((header.read(0x0e, 1) & 0x7f) === 1 ? bridge : device);
}

const capabilities: ReadonlyMap<number, TableChoice> = new Map<number, TableChoice>([
  [CapabilityId.null, nullCapability],
  [CapabilityId.pm, pm],
  [CapabilityId.agp, agp],
  [CapabilityId.vpd, vpd],
  [CapabilityId.slotid, slotid],
  [CapabilityId.msi, msi],
  [CapabilityId.compactPciHotSwap, compactPciHotSwap],
  [CapabilityId.pcix, byLayout(pcix, pcixBridge)],
  [CapabilityId.ht, ({ capability }) => htTable(capability)],
  [CapabilityId.vendor, ({ capability, header }) => vendorTable(capability, header)],
  [CapabilityId.debug, debugPort],
  [CapabilityId.compactPciCentralResource, compactPciCentralResource],
  [CapabilityId.shpc, shpc],
  [CapabilityId.ssvid, ssvid],
  [CapabilityId.agp8x, agp8x],
  [CapabilityId.secure, secure],
  [CapabilityId.pcie, pcie],
  [CapabilityId.msix, msix],
  [CapabilityId.sata, ({ capability }) => sataTable(capability)],
  [CapabilityId.af, af],
  [CapabilityId.ea, byLayout(ea, eaBridge)],
  [CapabilityId.fpb, fpb],
]);

const extendedCapabilities: ReadonlyMap<number, TableChoice> = new Map<number, TableChoice>([
  [ExtendedCapabilityId.aer, aer],
]);

/** Every table, once: for tests and documentation. */
export const tables: readonly RegisterTable[] = [
  headerCommon,
  ...headers.values(),
  nullCapability,
  pm,
  agp,
  vpd,
  slotid,
  msi,
  compactPciHotSwap,
  pcix,
  pcixBridge,
  ...htTables,
  vendor,
  virtio,
  virtioAccess,
  intelVendor,
  debugPort,
  compactPciCentralResource,
  shpc,
  ssvid,
  agp8x,
  secure,
  pcie,
  msix,
  sata,
  sataWindow,
  af,
  ea,
  eaBridge,
  fpb,
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
