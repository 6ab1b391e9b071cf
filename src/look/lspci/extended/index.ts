/** Who writes which capability of the extended list, by id. */
import { ExtendedCapabilityId } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability } from '../items.js';
import { dataObjectExchange } from './data-object-exchange.js';
import { designatedVendorSpecific } from './designated-vendor.js';
import { encryption } from './encryption.js';
import { laneMargining } from './margining.js';
import { resizableBars, virtualResizableBars } from './resizable-bars.js';
import { vendorSpecific } from './vendor-specific.js';

export const extendedWriters: ReadonlyMap<number, CapabilityWriter> = new Map<number, CapabilityWriter>([
  [ExtendedCapabilityId.vsec, vendorSpecific],
  [ExtendedCapabilityId.rebar, resizableBars],
  [ExtendedCapabilityId.mpcie, capability('PCI Express over M_PHY <?>')],
  [ExtendedCapabilityId.frs, capability('FRS Queueing <?>')],
  [ExtendedCapabilityId.readiness, capability('Readiness Time Reporting <?>')],
  [ExtendedCapabilityId.dvsec, designatedVendorSpecific],
  [ExtendedCapabilityId.vfRebar, virtualResizableBars],
  [ExtendedCapabilityId.dataLink, capability('Data Link Feature <?>')],
  [ExtendedCapabilityId.phy16, capability('Physical Layer 16.0 GT/s <?>')],
  [ExtendedCapabilityId.margining, laneMargining],
  [ExtendedCapabilityId.hierarchy, capability('Hierarchy ID <?>')],
  [ExtendedCapabilityId.npem, capability('Native PCIe Enclosure Management <?>')],
  [ExtendedCapabilityId.phy32, capability('Physical Layer 32.0 GT/s <?>')],
  [ExtendedCapabilityId.doe, dataObjectExchange],
  [ExtendedCapabilityId.ide, encryption],
]);
