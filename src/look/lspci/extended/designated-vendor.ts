/** lspci's words for designated vendor-specific capabilities; of those of CXL also for what they hold. */
import { CXL_VENDOR, CxlDvsec, dvsec, hexDigits } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { cxlDeviceLines } from './cxl-device.js';
import { cxlFlexBusLines } from './cxl-flex-bus.js';
import {
  cxlFunctionMapLines,
  cxlGpfDeviceLines,
  cxlGpfPortLines,
  cxlLocatorLines,
  cxlMldLines,
  cxlPortLines,
} from './cxl-parts.js';
import type { CxlWriter, DvsecHeader } from './cxl-text.js';

const vendor = fieldIn(dvsec, 'header1.vendor');
const revision = fieldIn(dvsec, 'header1.revision');
const length = fieldIn(dvsec, 'header1.length');
const id = fieldIn(dvsec, 'header2.id');

/** Bytes of both headers; they are read together. */
const HEADERS = 0x0c;
/** The shortest that CXL designates. */
const SHORTEST_CXL = 0x10;

const cxlWriters: ReadonlyMap<number, CxlWriter> = new Map([
  [CxlDvsec.device, cxlDeviceLines],
  [CxlDvsec.functionMap, cxlFunctionMapLines],
  [CxlDvsec.port, cxlPortLines],
  [CxlDvsec.gpfPort, cxlGpfPortLines],
  [CxlDvsec.gpfDevice, cxlGpfDeviceLines],
  [CxlDvsec.flexBus, cxlFlexBusLines],
  [CxlDvsec.locator, cxlLocatorLines],
  [CxlDvsec.mld, cxlMldLines],
  [CxlDvsec.test, () => '\t\tPCIe DVSEC for Test Capability <?>\n'],
]);

function cxlLines(view: CapabilityView, designated: number, header: DvsecHeader): string {
  if (view.verbosity < 2 || !view.has(0, header.length)) return '';
  const write = cxlWriters.get(designated);
  return write === undefined ? `\t\tUnknown ID ${hexDigits(designated, 4)}\n` : write(view, header);
}

export const writeDvsec: CapabilityWriter = (view) => {
  const title = 'Designated Vendor-Specific:';
  if (!view.has(0, HEADERS)) return `${title} <unreadable>\n`;
  const header = { revision: revision(view), length: length(view) };
  const [by, designated] = [vendor(view), id(view)];
  const numbers = `Vendor=${hexDigits(by, 4)} ID=${hexDigits(designated, 4)}`;
  const first = `${title} ${numbers} Rev=${header.revision} Len=${header.length}`;
  if (by !== CXL_VENDOR || header.length < SHORTEST_CXL) return `${first} <?>\n`;
  return `${first}: CXL\n${cxlLines(view, designated, header)}`;
};
