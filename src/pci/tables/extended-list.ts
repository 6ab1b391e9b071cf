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
import { secondary } from './secondary.js';
import { serialNumber } from './serial-number.js';
import { singleRoot } from './sriov.js';
import { multiFunctionVirtualChannel, virtualChannel, virtualChannel9 } from './virtual-channel.js';
import { alternateProtocol } from './alternate-protocol.js';
import { cxlTables, dvsecTable } from './cxl/index.js';
import { dataLink } from './data-link.js';
import { dev3 } from './dev3.js';
import { doe } from './doe.js';
import { dvsec } from './dvsec.js';
import { flitInjection } from './flit-injection.js';
import { flitLog } from './flit-log.js';
import { flitPerformance } from './flit-performance.js';
import { frs } from './frs.js';
import { hierarchy } from './hierarchy.js';
import { ide } from './ide.js';
import { margining } from './margining.js';
import { mmioLocator } from './mmio-locator.js';
import { mpcie } from './mpcie.js';
import { npem } from './npem.js';
import { phy16, phy32, phy64 } from './physical-layer.js';
import { readiness } from './readiness.js';
import { rebar, vfRebar } from './rebar.js';
import { sfi } from './sfi.js';
import { shadow } from './shadow.js';
import { vsec } from './vsec.js';
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
  [ExtendedCapabilityId.vsec, vsec],
  [ExtendedCapabilityId.acs, accessControl],
  [ExtendedCapabilityId.ari, alternativeRouting],
  [ExtendedCapabilityId.ats, addressTranslation],
  [ExtendedCapabilityId.sriov, singleRoot],
  [ExtendedCapabilityId.multicast, multicastOf],
  [ExtendedCapabilityId.pri, pageRequest],
  [ExtendedCapabilityId.rebar, rebar],
  [ExtendedCapabilityId.dpa, powerAllocation],
  [ExtendedCapabilityId.tph, processingHints],
  [ExtendedCapabilityId.ltr, latencyTolerance],
  [ExtendedCapabilityId.secondary, secondary.choose],
  [ExtendedCapabilityId.pmux, protocolMultiplexing],
  [ExtendedCapabilityId.pasid, pasid],
  [ExtendedCapabilityId.lnr, lightweightNotification],
  [ExtendedCapabilityId.dpc, containment],
  [ExtendedCapabilityId.l1ss, l1Substates],
  [ExtendedCapabilityId.ptm, timeMeasurement],
  [ExtendedCapabilityId.mpcie, mpcie],
  [ExtendedCapabilityId.frs, frs],
  [ExtendedCapabilityId.readiness, readiness],
  [ExtendedCapabilityId.dvsec, ({ capability }) => dvsecTable(capability)],
  [ExtendedCapabilityId.vfRebar, vfRebar],
  [ExtendedCapabilityId.dataLink, dataLink],
  [ExtendedCapabilityId.phy16, phy16.choose],
  [ExtendedCapabilityId.margining, margining.choose],
  [ExtendedCapabilityId.hierarchy, hierarchy],
  [ExtendedCapabilityId.npem, npem],
  [ExtendedCapabilityId.phy32, phy32.choose],
  [ExtendedCapabilityId.alternateProtocol, alternateProtocol],
  [ExtendedCapabilityId.sfi, sfi],
  [ExtendedCapabilityId.shadow, shadow],
  [ExtendedCapabilityId.doe, doe],
  [ExtendedCapabilityId.dev3, dev3],
  [ExtendedCapabilityId.ide, ide],
  [ExtendedCapabilityId.phy64, phy64.choose],
  [ExtendedCapabilityId.flitLog, flitLog],
  [ExtendedCapabilityId.flitPerformance, flitPerformance],
  [ExtendedCapabilityId.flitInjection, flitInjection],
  [ExtendedCapabilityId.mmioLocator, mmioLocator],
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
  secondary.widest,
  protocolMultiplexing,
  pasid,
  lightweightNotification,
  containment,
  l1Substates,
  timeMeasurement,
  vsec,
  rebar,
  mpcie,
  frs,
  readiness,
  dvsec,
  ...cxlTables,
  vfRebar,
  dataLink,
  phy16.widest,
  margining.widest,
  hierarchy,
  npem,
  phy32.widest,
  alternateProtocol,
  sfi,
  shadow,
  doe,
  dev3,
  ide,
  phy64.widest,
  flitLog,
  flitPerformance,
  flitInjection,
  mmioLocator,
];
