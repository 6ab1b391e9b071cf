/** The list of register tables: which header layout and which capability has which table. */
import { CapabilityId, ExtendedCapabilityId } from '../capability-ids.js';
import type { RegisterTable } from '../registers.js';
import { accessControl, alternativeRouting } from './access-control.js';
import { addressTranslation, pageRequest, pasid } from './address-translation.js';
import { aer, aerOf, rootAer } from './aer.js';
import { containment } from './dpc.js';
import { headerCommon } from './header-common.js';
import { header0 } from './header0.js';
import { header1 } from './header1.js';
import { l1Substates, latencyTolerance, timeMeasurement } from './latency.js';
import { msi } from './msi.js';
import { msix } from './msix.js';
import { multicastOf, portMulticast } from './multicast.js';
import { pcie } from './pcie.js';
import { pm } from './pm.js';
import { powerAllocation, powerBudget } from './power-budget.js';
import { lightweightNotification, processingHints } from './processing-hints.js';
import { protocolMultiplexing } from './protocol-multiplexing.js';
import {
  eventCollector,
  rootComplexInternalLink,
  rootComplexLink,
  rootComplexRegisterBlock,
} from './root-complex.js';
import { secondary, secondaryOf } from './secondary.js';
import { serialNumber } from './serial-number.js';
import { singleRoot } from './sriov.js';
import type { CapabilityBytes, TableChoice } from './table-choice.js';
import { multiFunctionVirtualChannel, virtualChannel, virtualChannel9 } from './virtual-channel.js';
import { vpd } from './vpd.js';

export { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from './aer.js';
export type { CapabilityBytes } from './table-choice.js';
export { PortType } from './express-port.js';
export { RC_LINK_START, RC_LINK_STRIDE } from './root-complex.js';
export { VC_START, VC_STRIDE } from './virtual-channel.js';
export { aer, header0, header1, headerCommon, msi, msix, pcie, pm, vpd };
export {
  accessControl,
  addressTranslation,
  alternativeRouting,
  containment,
  eventCollector,
  l1Substates,
  latencyTolerance,
  pageRequest,
  pasid,
  portMulticast,
  processingHints,
  rootAer,
  rootComplexLink,
  secondary,
  serialNumber,
  singleRoot,
  timeMeasurement,
  virtualChannel,
};

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
  [ExtendedCapabilityId.aer, aerOf],
  [ExtendedCapabilityId.vc, virtualChannel],
  [ExtendedCapabilityId.dsn, serialNumber],
  [ExtendedCapabilityId.powerBudget, powerBudget],
  [ExtendedCapabilityId.rcLink, rootComplexLink],
  [ExtendedCapabilityId.rcInternalLink, rootComplexInternalLink],
  [ExtendedCapabilityId.rcec, eventCollector],
  [ExtendedCapabilityId.mfvc, multiFunctionVirtualChannel],
  [ExtendedCapabilityId.vc9, virtualChannel9],
  [ExtendedCapabilityId.rcrb, rootComplexRegisterBlock],
  [ExtendedCapabilityId.acs, accessControl],
  [ExtendedCapabilityId.ari, alternativeRouting],
  [ExtendedCapabilityId.ats, addressTranslation],
  [ExtendedCapabilityId.sriov, singleRoot],
  [ExtendedCapabilityId.multicast, multicastOf],
  [ExtendedCapabilityId.pri, pageRequest],
  [ExtendedCapabilityId.dpa, powerAllocation],
  [ExtendedCapabilityId.tph, processingHints],
  [ExtendedCapabilityId.ltr, latencyTolerance],
  [ExtendedCapabilityId.secondary, secondaryOf],
  [ExtendedCapabilityId.pmux, protocolMultiplexing],
  [ExtendedCapabilityId.pasid, pasid],
  [ExtendedCapabilityId.lnr, lightweightNotification],
  [ExtendedCapabilityId.dpc, containment],
  [ExtendedCapabilityId.l1ss, l1Substates],
  [ExtendedCapabilityId.ptm, timeMeasurement],
]);

/** Every table, once, of several with one name the one that has all registers: for tests and documentation. */
export const tables: readonly RegisterTable[] = [
  headerCommon,
  ...headers.values(),
  pm,
  vpd,
  msi,
  pcie,
  msix,
  rootAer,
  virtualChannel,
  serialNumber,
  powerBudget,
  rootComplexLink,
  rootComplexInternalLink,
  eventCollector,
  multiFunctionVirtualChannel,
  virtualChannel9,
  rootComplexRegisterBlock,
  accessControl,
  alternativeRouting,
  addressTranslation,
  singleRoot,
  portMulticast,
  pageRequest,
  powerAllocation,
  processingHints,
  latencyTolerance,
  secondary,
  protocolMultiplexing,
  pasid,
  lightweightNotification,
  containment,
  l1Substates,
  timeMeasurement,
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
  return chosen(capabilities.get(id), bytes);
}

/** The table of a capability of the extended list; undefined when its registers are not known here. */
export function extendedCapabilityTable(id: number, bytes: CapabilityBytes): RegisterTable | undefined {
  return chosen(extendedCapabilities.get(id), bytes);
}
