/** Refusals of the simulated machine: descriptions that cannot be built. */
import { OpenslotError } from '../../pci/errors.js';

/** A machine description says something that no machine can be. */
export class MachineDescriptionError extends OpenslotError {
  readonly code = 'MACHINE_DESCRIPTION';
  /** `where` names the part of the description: `device edu, option dma_mask`. */
  constructor(where: string, why: string, next = '') {
    super(`${where}: ${why}`, { where, why }, next);
  }
}
