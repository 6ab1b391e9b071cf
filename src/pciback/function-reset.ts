/** The reset of a function that stays in its guest's hands: what the guest had set up is there again afterwards. */
import { isAnswered, ResetError, restoreState, saveState, type ResetMethod } from '../function/index.js';
import { messageOf } from '../pci/index.js';
import type { ExportedFunction } from './exported-function.js';

/**
 * Resets it by the machine's best method. Configuration space holds afterwards what it held before (a function that did
 * not even answer: what it held when the guest got it), decoding and messages are as the guest had them. Its own
 * registers behind BARs are for the guest's driver.
 * @throws {ResetError} there is no method, or it did not come back.
 */
export async function resetForGuest(exported: ExportedFunction): Promise<ResetMethod> {
  const { function: fn } = exported.lease;
  const state = isAnswered(fn.config) ? saveState(fn.config) : exported.atExport;
  const method = await fn.reset();
  if (!isAnswered(fn.config))
    throw new ResetError('RESET_FAILED', exported.physical, `it reads all ones after the reset (${method})`);
  try {
    restoreState(fn.config, state);
    exported.restoreGuestState();
  } catch (cause) {
    throw new ResetError('RESET_FAILED', exported.physical, `not restored: ${messageOf(cause)}`, { cause });
  }
  return method;
}
