/** Who writes which capability of the extended list, by id. */
import { ExtendedCapabilityId } from '../../../pci/index.js';
import type { CapabilityWriter } from '../capability-view.js';
import { capability } from '../items.js';
import { writeAccessControl, writeAlternativeRouting } from './access-control.js';
import { writeAddressTranslation, writePageRequest, writePasid } from './address-translation.js';
import { writeErrorReporting } from './aer.js';
import { writeContainment } from './dpc.js';
import { writeL1Substates, writeLatencyTolerance, writeTimeMeasurement } from './latency.js';
import { writeMulticast } from './multicast.js';
import { writeProcessingHints } from './processing-hints.js';
import { writeEventCollector, writeRootComplexLink } from './root-complex.js';
import { writeSecondary } from './secondary.js';
import { writeSerialNumber } from './serial-number.js';
import { writeSingleRoot } from './sriov.js';
import { writeVirtualChannel } from './virtual-channel.js';

/** Those that lspci knows by name only end in its mark for what it does not decode. */
export const extendedWriters: ReadonlyMap<number, CapabilityWriter> = new Map([
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
  [ExtendedCapabilityId.acs, writeAccessControl],
  [ExtendedCapabilityId.ari, writeAlternativeRouting],
  [ExtendedCapabilityId.ats, writeAddressTranslation],
  [ExtendedCapabilityId.sriov, writeSingleRoot],
  [ExtendedCapabilityId.mriov, capability('Multi-Root I/O Virtualization <?>')],
  [ExtendedCapabilityId.multicast, writeMulticast],
  [ExtendedCapabilityId.pri, writePageRequest],
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
]);
