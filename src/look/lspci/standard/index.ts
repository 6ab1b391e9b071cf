/** Who writes which capability of the standard list, by id. */
import { CapabilityId } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability } from '../items.js';
import { writeAgp } from './agp.js';
import { writeEa } from './ea.js';
import { writeExpress } from './express.js';
import { writeHt } from './ht.js';
import { writeMsi, writeMsix } from './messages.js';
import { writeAf, writeDebugPort, writeSlotId, writeSsvid } from './one-line.js';
import { writePcix } from './pcix.js';
import { writePm } from './pm.js';
import { writeSata } from './sata.js';
import { writeVendor } from './vendor.js';
import { writeVpd } from './vpd.js';

export const standardWriters: ReadonlyMap<number, CapabilityWriter> = new Map([
  [CapabilityId.null, capability('Null')],
  [CapabilityId.pm, writePm],
  [CapabilityId.agp, writeAgp],
  [CapabilityId.vpd, writeVpd],
  [CapabilityId.slotid, writeSlotId],
  [CapabilityId.msi, writeMsi],
  [CapabilityId.cpci_hotswap, capability('CompactPCI hot-swap <?>')],
  [CapabilityId.pcix, writePcix],
  [CapabilityId.ht, writeHt],
  [CapabilityId.vendor, writeVendor],
  [CapabilityId.debug, writeDebugPort],
  [CapabilityId.cpci_crc, capability('CompactPCI central resource control <?>')],
  [CapabilityId.shpc, capability('Hot-plug capable')],
  [CapabilityId.ssvid, writeSsvid],
  [CapabilityId.agp8x, capability('AGP3 <?>')],
  [CapabilityId.secure, capability('Secure device <?>')],
  [CapabilityId.pcie, writeExpress],
  [CapabilityId.msix, writeMsix],
  [CapabilityId.sata, writeSata],
  [CapabilityId.af, writeAf],
  [CapabilityId.ea, writeEa],
]);
