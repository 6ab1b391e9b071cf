/** The list of register tables: which header layout and which capability has which table. */
import { CapabilityId, ExtendedCapabilityId } from '../capability-ids.js';
import type { RegisterTable } from '../registers.js';
import { aer } from './aer.js';
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
import { headerCommon } from './header-common.js';
import { header0 } from './header0.js';
import { header1 } from './header1.js';
import { hierarchy } from './hierarchy.js';
import { ide } from './ide.js';
import { margining } from './margining.js';
import { mmioLocator } from './mmio-locator.js';
import { mpcie } from './mpcie.js';
import { msi } from './msi.js';
import { msix } from './msix.js';
import { npem } from './npem.js';
import { pcie } from './pcie.js';
import { phy16, phy32, phy64 } from './physical-layer.js';
import { pm } from './pm.js';
import { readiness } from './readiness.js';
import { rebar, vfRebar } from './rebar.js';
import { sfi } from './sfi.js';
import { shadow } from './shadow.js';
import type { CapabilityBytes, TableChoice } from './table-choice.js';
import { vpd } from './vpd.js';
import { vsec } from './vsec.js';

export { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from './aer.js';
export { aer, header0, header1, headerCommon, msi, msix, pcie, pm, vpd };
export { doe, dvsec, ide, rebar, vfRebar, vsec };
export { IdeLayout, linkStreams, selectiveStreams } from './ide-layout.js';
export * from './cxl/index.js';
export type { CapabilityBytes, TableChoice };

/** Lane margining of the widest link. */
export const laneMargining = margining.widest;

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
  [ExtendedCapabilityId.aer, aer],
  [ExtendedCapabilityId.vsec, vsec],
  [ExtendedCapabilityId.rebar, rebar],
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

/** Every table, once: for tests and documentation. */
export const tables: readonly RegisterTable[] = [
  headerCommon,
  ...headers.values(),
  pm,
  vpd,
  msi,
  pcie,
  msix,
  aer,
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
