/** What the words for CXL's capabilities have in common. */
import type { FieldReader } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import type { Item } from '../items.js';

/** The lines of one DVSEC of CXL, below its first line. */
export type CxlWriter = (view: CapabilityView, dvsec: DvsecHeader) => string;

/** What the headers say; many registers are there from a revision or a length on. */
export interface DvsecHeader {
  readonly revision: number;
  /** Bytes of the whole capability. */
  readonly length: number;
}

/** What stands below the lines of a DVSEC that is longer than its revision is known to be. */
export const MORE = '\t\t<?>\n';

/**
 * `Label+` or `Label-` by any of several bits of a register. lspci tests some flags with a wrong mask; its text is
 * what those bits say.
 */
export function flagOfBits(register: FieldReader, mask: number, label: string): Item {
  const [set, clear] = [`${label}+`, `${label}-`];
  return (view) => ((register(view) & mask) !== 0 ? set : clear);
}
