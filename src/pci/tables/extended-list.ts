/** Which capability of the extended list has which table. */
import { ExtendedCapabilityId } from '../capability-ids.js';
import type { RegisterTable } from '../registers.js';
import { acs, ari } from './access-control.js';
import { ats, pri, pasid } from './address-translation.js';
import { aerOf, rootAer } from './aer.js';
import { dpc } from './dpc.js';
import { l1ss, ltr, ptm } from './latency.js';
import { multicastOf, portMulticast } from './multicast.js';
import { dpa, powerBudget } from './power-budget.js';
import { lnr, tph } from './processing-hints.js';
import { pmux } from './protocol-multiplexing.js';
import { rcec, rcInternalLink, rcLink, rcrb } from './root-complex.js';
import { secondary } from './secondary.js';
import { dsn } from './serial-number.js';
import { sriov } from './sriov.js';
import { mfvc, vc, vc9 } from './virtual-channel.js';
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
import { headerOnly } from './header-only.js';
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
  [ExtendedCapabilityId.vc, vc],
  [ExtendedCapabilityId.dsn, dsn],
  [ExtendedCapabilityId.powerBudget, powerBudget],
  [ExtendedCapabilityId.rcLink, rcLink],
  [ExtendedCapabilityId.rcInternalLink, rcInternalLink],
  [ExtendedCapabilityId.rcec, rcec],
  [ExtendedCapabilityId.mfvc, mfvc],
  [ExtendedCapabilityId.vc9, vc9],
  [ExtendedCapabilityId.rcrb, rcrb],
  [ExtendedCapabilityId.vsec, vsec],
  [ExtendedCapabilityId.acs, acs],
  [ExtendedCapabilityId.ari, ari],
  [ExtendedCapabilityId.ats, ats],
  [ExtendedCapabilityId.sriov, sriov],
  [ExtendedCapabilityId.multicast, multicastOf],
  [ExtendedCapabilityId.pri, pri],
  [ExtendedCapabilityId.rebar, rebar],
  [ExtendedCapabilityId.dpa, dpa],
  [ExtendedCapabilityId.tph, tph],
  [ExtendedCapabilityId.ltr, ltr],
  [ExtendedCapabilityId.secondary, secondary.choose],
  [ExtendedCapabilityId.pmux, pmux],
  [ExtendedCapabilityId.pasid, pasid],
  [ExtendedCapabilityId.lnr, lnr],
  [ExtendedCapabilityId.dpc, dpc],
  [ExtendedCapabilityId.l1ss, l1ss],
  [ExtendedCapabilityId.ptm, ptm],
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
  ...headerOnly,
]);

/** Every table of the list, once; of several with one name the one that has all registers. */
export const extendedTables: readonly RegisterTable[] = [
  rootAer,
  vc,
  dsn,
  powerBudget,
  rcLink,
  rcInternalLink,
  rcec,
  mfvc,
  vc9,
  rcrb,
  acs,
  ari,
  ats,
  sriov,
  portMulticast,
  pri,
  dpa,
  tph,
  ltr,
  secondary.widest,
  pmux,
  pasid,
  lnr,
  dpc,
  l1ss,
  ptm,
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
  ...headerOnly.values(),
];
