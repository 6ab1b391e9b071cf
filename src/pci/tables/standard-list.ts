/** Which capability of the standard list has which table. */
import { CapabilityId } from '../capability-ids.js';
import type { RegisterTable } from '../registers.js';
import { af } from './af.js';
import { agp } from './agp.js';
import { agp8x } from './agp8x.js';
import { compactPciCentralResource, compactPciHotSwap } from './compact-pci.js';
import { debugPort } from './debug-port.js';
import { ea, eaBridge } from './ea.js';
import { fpb } from './fpb.js';
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
import type { TableChoice } from './table-choice.js';

/** A bridge has other registers than a device in some capabilities; the header tells which one it is. */
function byLayout(device: RegisterTable, bridge: RegisterTable): TableChoice {
  return ({ header }) => ((header.read(0x0e, 1) & 0x7f) === 1 ? bridge : device);
}

/** By id. */
export const standardChoices: ReadonlyMap<number, TableChoice> = new Map<number, TableChoice>([
  [CapabilityId.null, nullCapability],
  [CapabilityId.pm, pm],
  [CapabilityId.agp, agp],
  [CapabilityId.vpd, vpd],
  [CapabilityId.slotid, slotid],
  [CapabilityId.msi, msi],
  [CapabilityId.cpci_hotswap, compactPciHotSwap],
  [CapabilityId.pcix, byLayout(pcix, pcixBridge)],
  [CapabilityId.ht, ({ capability }) => htTable(capability)],
  [CapabilityId.vendor, ({ capability, header }) => vendorTable(capability, header)],
  [CapabilityId.debug, debugPort],
  [CapabilityId.cpci_crc, compactPciCentralResource],
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

/** Every table of the list, once. */
export const standardTables: readonly RegisterTable[] = [
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
];
