/** Why a name is no function now: nothing is done then, and where the named device is instead is told. */
import { didYouMean, OpenslotError } from '../../pci/index.js';

/** No function of the machine was given this name. */
export class NameUnknownError extends OpenslotError {
  readonly code = 'NAME_UNKNOWN';
  constructor(name: string, machine: string, known: readonly string[]) {
    super(
      `no function of ${machine} is named "${name}", and it is no address`,
      { name, machine, known },
      didYouMean(name, known) ||
        'openslot name lists the names; an address is written BB:DD.F or DDDD:BB:DD.F',
    );
  }
}
