/** One register, where it stands: what a name or a number was found to mean. */
import type { Field, RegisterSpace } from '../../pci/index.js';
import type { RegisterShape } from './register-shape.js';

/** What `status`, `pcie.devctl.max_payload` or `bar0:0x20/4` was found to be. `offset` in bytes of its space. */
export interface SelectedRegister {
  /** Dotted, or as the number that was given. */
  readonly name: string;
  readonly space: RegisterSpace;
  readonly offset: number;
  readonly shape: RegisterShape;
  /** The field that was named, undefined where all of the register was. */
  readonly field: Field | undefined;
}
