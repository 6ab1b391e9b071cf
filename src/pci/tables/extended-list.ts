/** Which capability of the extended list has which table. */
import { ExtendedCapabilityId } from '../capability-ids.js';
import type { RegisterTable } from '../registers.js';
import { accessControl, alternativeRouting } from './access-control.js';
import { addressTranslation, pageRequest, pasid } from './address-translation.js';
import { aerOf, rootAer } from './aer.js';
import { containment } from './dpc.js';
import { l1Substates, latencyTolerance, timeMeasurement } from './latency.js';
import { multicastOf, portMulticast } from './multicast.js';
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
import { multiFunctionVirtualChannel, virtualChannel, virtualChannel9 } from './virtual-channel.js';
import type { TableChoice } from './table-choice.js';

/** By id. */
export const extendedChoices: ReadonlyMap<number, TableChoice> = new Map<number, TableChoice>([
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

/** Every table of the list, once; of several with one name the one that has all registers. */
export const extendedTables: readonly RegisterTable[] = [
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
