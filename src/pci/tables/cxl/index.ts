/** The tables of Compute Express Link's DVSECs: which id has which table. It knows the model alone. */
import type { RegisterReader, RegisterTable } from '../../registers.js';
import { dvsec } from '../dvsec.js';
import { CXL_VENDOR, CxlDvsec } from './cxl-dvsec.js';
import { cxlDevice } from './device.js';
import { cxlGpfDevice, cxlGpfPort } from './global-persistent-flush.js';
import { cxlFlexBus, cxlPort } from './ports.js';
import { cxlLocator } from './register-locator.js';
import { cxlFunctionMap, cxlMld, cxlTest } from './small.js';

export { CXL_VENDOR, CxlDvsec };
export { LocatorBlocks, locatorBlocks } from './register-locator.js';
export { cxlDevice, cxlFlexBus, cxlFunctionMap, cxlGpfDevice, cxlGpfPort };
export { cxlLocator, cxlMld, cxlPort, cxlTest };

const byId: ReadonlyMap<number, RegisterTable> = new Map<number, RegisterTable>([
  [CxlDvsec.device, cxlDevice],
  [CxlDvsec.functionMap, cxlFunctionMap],
  [CxlDvsec.port, cxlPort],
  [CxlDvsec.gpfPort, cxlGpfPort],
  [CxlDvsec.gpfDevice, cxlGpfDevice],
  [CxlDvsec.flexBus, cxlFlexBus],
  [CxlDvsec.locator, cxlLocator],
  [CxlDvsec.mld, cxlMld],
  [CxlDvsec.test, cxlTest],
]);

/** All of them, in the order of their ids. */
export const cxlTables: readonly RegisterTable[] = [...byId.values()];

/** The table of a designated vendor-specific capability; of a vendor or an id that is not known, its headers alone. */
export function dvsecTable(bytes: RegisterReader): RegisterTable {
  if (bytes.read(0x04, 2) !== CXL_VENDOR) return dvsec;
  return byId.get(bytes.read(0x08, 2)) ?? dvsec;
}
