/** Who writes which capability of the extended list, by id. */
import { ExtendedCapabilityId } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability } from '../items.js';
import { writeAccessControl, writeAlternativeRouting } from './access-control.js';
import { writeAddressTranslation, writePageRequest, writePasid } from './address-translation.js';
import { writeErrorReporting } from './aer.js';
import { writeDataObjectExchange } from './data-object-exchange.js';
import { writeDesignatedVendorSpecific } from './designated-vendor.js';
import { writeContainment } from './dpc.js';
import { writeEncryption } from './encryption.js';
import { writeL1Substates, writeLatencyTolerance, writeTimeMeasurement } from './latency.js';
import { writeMargining } from './margining.js';
import { writeMulticast } from './multicast.js';
import { writeProcessingHints } from './processing-hints.js';
import { writeResizableBars, writeVirtualResizableBars } from './resizable-bars.js';
import { writeEventCollector, writeRootComplexLink } from './root-complex.js';
import { writeSecondary } from './secondary.js';
import { writeSerialNumber } from './serial-number.js';
import { writeSingleRoot } from './sriov.js';
import { writeVendorSpecific } from './vendor-specific.js';
import { writeVirtualChannel } from './virtual-channel.js';

/** Those that lspci knows by name only end in its mark for what it does not decode. */
export const extendedWriters: ReadonlyMap<number, CapabilityWriter> = new Map<number, CapabilityWriter>([
  [ExtendedCapabilityId.null, capability('Null')],
  [ExtendedCapabilityId.aer, writeErrorReporting],
  [ExtendedCapabilityId.vc, writeVirtualChannel],
  [ExtendedCapabilityId.dsn, writeSerialNumber],
  [ExtendedCapabilityId.powerBudget, capability('Power Budgeting <?>')],
  [ExtendedCapabilityId.rcLink, writeRootComplexLink],
  [ExtendedCapabilityId.rcInternalLink, capability('Root Complex Internal Link <?>')],
  [ExtendedCapabilityId.rcec, writeEventCollector],
  [ExtendedCapabilityId.mfvc, capability('Multi-Function Virtual Channel <?>')],
  [ExtendedCapabilityId.vc9, writeVirtualChannel],
  [ExtendedCapabilityId.rcrb, capability('Root Complex Register Block <?>')],
  [ExtendedCapabilityId.vsec, writeVendorSpecific],
  [ExtendedCapabilityId.acs, writeAccessControl],
  [ExtendedCapabilityId.ari, writeAlternativeRouting],
  [ExtendedCapabilityId.ats, writeAddressTranslation],
  [ExtendedCapabilityId.sriov, writeSingleRoot],
  [ExtendedCapabilityId.mriov, capability('Multi-Root I/O Virtualization <?>')],
  [ExtendedCapabilityId.multicast, writeMulticast],
  [ExtendedCapabilityId.pri, writePageRequest],
  [ExtendedCapabilityId.rebar, writeResizableBars],
  [ExtendedCapabilityId.dpa, capability('Dynamic Power Allocation <?>')],
  [ExtendedCapabilityId.tph, writeProcessingHints],
  [ExtendedCapabilityId.ltr, writeLatencyTolerance],
  [ExtendedCapabilityId.secondary, writeSecondary],
  [ExtendedCapabilityId.pmux, capability('Protocol Multiplexing <?>')],
  [ExtendedCapabilityId.pasid, writePasid],
  [ExtendedCapabilityId.lnr, capability('LN Requester <?>')],
  [ExtendedCapabilityId.dpc, writeContainment],
  [ExtendedCapabilityId.l1ss, writeL1Substates],
  [ExtendedCapabilityId.ptm, writeTimeMeasurement],
  [ExtendedCapabilityId.mpcie, capability('PCI Express over M_PHY <?>')],
  [ExtendedCapabilityId.frs, capability('FRS Queueing <?>')],
  [ExtendedCapabilityId.readiness, capability('Readiness Time Reporting <?>')],
  [ExtendedCapabilityId.dvsec, writeDesignatedVendorSpecific],
  [ExtendedCapabilityId.vfRebar, writeVirtualResizableBars],
  [ExtendedCapabilityId.dataLink, capability('Data Link Feature <?>')],
  [ExtendedCapabilityId.phy16, capability('Physical Layer 16.0 GT/s <?>')],
  [ExtendedCapabilityId.margining, writeMargining],
  [ExtendedCapabilityId.hierarchy, capability('Hierarchy ID <?>')],
  [ExtendedCapabilityId.npem, capability('Native PCIe Enclosure Management <?>')],
  [ExtendedCapabilityId.phy32, capability('Physical Layer 32.0 GT/s <?>')],
  [ExtendedCapabilityId.doe, writeDataObjectExchange],
  [ExtendedCapabilityId.ide, writeEncryption],
]);
