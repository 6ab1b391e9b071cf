/** Why a file is no guest program. */
import { OpenslotError } from '../pci/errors.js';

/** The file cannot be run as a guest. */
export class GuestProgramError extends OpenslotError {
  readonly code = 'GUEST_PROGRAM';
  constructor(program: string, why: string, options?: ErrorOptions) {
    super(
      `${program} is no guest program: ${why}`,
      { program, why },
      'a guest program is a JavaScript module: export default async function ({ xpci, store, platform }) { … }',
      options,
    );
  }
}
