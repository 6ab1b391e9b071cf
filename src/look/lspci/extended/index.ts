/** Who writes which capability of the extended list, by id. */
import { ExtendedCapabilityId } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability } from '../items.js';
import { writeAcs, writeAri } from './access-control.js';
import { writeAts, writePri, writePasid } from './address-translation.js';
import { writeAer } from './aer.js';
import { writeDoe } from './data-object-exchange.js';
import { writeDvsec } from './designated-vendor.js';
import { writeDpc } from './dpc.js';
import { writeIde } from './encryption.js';
import { writeL1ss, writeLtr, writePtm } from './latency.js';
import { writeMargining } from './margining.js';
import { writeMulticast } from './multicast.js';
import { writeTph } from './processing-hints.js';
import { writeRebar, writeVfRebar } from './resizable-bars.js';
import { writeRcec, writeRcLink } from './root-complex.js';
import { writeSecondary } from './secondary.js';
import { writeDsn } from './serial-number.js';
import { writeSriov } from './sriov.js';
import { writeVsec } from './vendor-specific.js';
import { writeVc } from './virtual-channel.js';

/** Those that lspci knows by name only end in its mark for what it does not decode. */
export const extendedWriters: ReadonlyMap<number, CapabilityWriter> = new Map<number, CapabilityWriter>([
  [ExtendedCapabilityId.null, capability('Null')],
  [ExtendedCapabilityId.aer, writeAer],
  [ExtendedCapabilityId.vc, writeVc],
  [ExtendedCapabilityId.dsn, writeDsn],
  [ExtendedCapabilityId.powerBudget, capability('Power Budgeting <?>')],
  [ExtendedCapabilityId.rcLink, writeRcLink],
  [ExtendedCapabilityId.rcInternalLink, capability('Root Complex Internal Link <?>')],
  [ExtendedCapabilityId.rcec, writeRcec],
  [ExtendedCapabilityId.mfvc, capability('Multi-Function Virtual Channel <?>')],
  [ExtendedCapabilityId.vc9, writeVc],
  [ExtendedCapabilityId.rcrb, capability('Root Complex Register Block <?>')],
  [ExtendedCapabilityId.vsec, writeVsec],
  [ExtendedCapabilityId.acs, writeAcs],
  [ExtendedCapabilityId.ari, writeAri],
  [ExtendedCapabilityId.ats, writeAts],
  [ExtendedCapabilityId.sriov, writeSriov],
  [ExtendedCapabilityId.mriov, capability('Multi-Root I/O Virtualization <?>')],
  [ExtendedCapabilityId.multicast, writeMulticast],
  [ExtendedCapabilityId.pri, writePri],
  [ExtendedCapabilityId.rebar, writeRebar],
  [ExtendedCapabilityId.dpa, capability('Dynamic Power Allocation <?>')],
  [ExtendedCapabilityId.tph, writeTph],
  [ExtendedCapabilityId.ltr, writeLtr],
  [ExtendedCapabilityId.secondary, writeSecondary],
  [ExtendedCapabilityId.pmux, capability('Protocol Multiplexing <?>')],
  [ExtendedCapabilityId.pasid, writePasid],
  [ExtendedCapabilityId.lnr, capability('LN Requester <?>')],
  [ExtendedCapabilityId.dpc, writeDpc],
  [ExtendedCapabilityId.l1ss, writeL1ss],
  [ExtendedCapabilityId.ptm, writePtm],
  [ExtendedCapabilityId.mpcie, capability('PCI Express over M_PHY <?>')],
  [ExtendedCapabilityId.frs, capability('FRS Queueing <?>')],
  [ExtendedCapabilityId.readiness, capability('Readiness Time Reporting <?>')],
  [ExtendedCapabilityId.dvsec, writeDvsec],
  [ExtendedCapabilityId.vfRebar, writeVfRebar],
  [ExtendedCapabilityId.dataLink, capability('Data Link Feature <?>')],
  [ExtendedCapabilityId.phy16, capability('Physical Layer 16.0 GT/s <?>')],
  [ExtendedCapabilityId.margining, writeMargining],
  [ExtendedCapabilityId.hierarchy, capability('Hierarchy ID <?>')],
  [ExtendedCapabilityId.npem, capability('Native PCIe Enclosure Management <?>')],
  [ExtendedCapabilityId.phy32, capability('Physical Layer 32.0 GT/s <?>')],
  [ExtendedCapabilityId.doe, writeDoe],
  [ExtendedCapabilityId.ide, writeIde],
]);
