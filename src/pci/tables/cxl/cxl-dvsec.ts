/** What the capabilities of Compute Express Link have in common: who designated them, and which one each is. */
import type { Register, RegisterReader, RegisterTable } from '../../registers.js';
import { designatedHeaders, designatedLength } from '../dvsec.js';

/** Vendor of the DVSECs of Compute Express Link (CXL 3.1, 8.1.1). */
export const CXL_VENDOR = 0x1e98;

/** DVSEC ids (CXL 3.1, table 8-2). */
export const CxlDvsec = {
  device: 0x0,
  functionMap: 0x2,
  port: 0x3,
  gpfPort: 0x4,
  gpfDevice: 0x5,
  flexBus: 0x7,
  locator: 0x8,
  mld: 0x9,
  test: 0xa,
} as const;

/** A table of one of them: the headers, then its own registers. */
export function cxlTable(
  name: string,
  title: string,
  section: string,
  registers: readonly Register[],
): RegisterTable {
  return { name, title, source: `CXL 3.1, ${section}`, registers: [...designatedHeaders, ...registers] };
}

/** Whether the capability is long enough for a register that ends there: later revisions have more of them. */
export function reaches(end: number): (bytes: RegisterReader) => boolean {
  return (bytes) => designatedLength(bytes) >= end;
}
