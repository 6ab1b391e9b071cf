/** Why a file is no guest program. */
import { OpenslotError } from '../pci/errors.js';

/** The file cannot be run as a guest. */
export class GuestProgramError extends OpenslotError {
  readonly code = 'GUEST_PROGRAM';
  constructor(program: string, why: string, options?: ErrorOptions) {
    super(
      `${program} is no guest program: ${why}`,
      { program, why },
      /\.[cm]?ts$/.test(program)
        ? 'compile it first (tsc), and run the JavaScript'
        : 'a guest program is a JavaScript module (.mjs): export default async function ({ xpci, store }) { … }',
      options,
    );
  }
}
