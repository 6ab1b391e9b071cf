/** How one of several tables of a capability id is chosen. */
import type { RegisterReader, RegisterTable } from '../registers.js';

/** What a capability is chosen a table by, besides its id: its own bytes, and those of the function's header. */
export interface CapabilityBytes {
  readonly capability: RegisterReader;
  /** Configuration space from 0 on. */
  readonly header: RegisterReader;
}

/** Chooses among tables of one id: by the sub type, the vendor, the version. Undefined where none is known. */
export type TableChoice = RegisterTable | ((bytes: CapabilityBytes) => RegisterTable | undefined);
