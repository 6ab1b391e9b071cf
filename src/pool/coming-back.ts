/** How a function comes back from its taker: everything undone, reset, restored, quiet. */
import {
  changeCommand,
  isAnswered,
  ResetError,
  restoreState,
  type ConfigSpace,
  type PciFunction,
  type ResetMethod,
  type SavedState,
} from '../function/index.js';
import { CommandBit, messageOf, type PciAddress } from '../pci/index.js';
import type { Ledger } from './ledger.js';

/** How a function came back from its taker. */
export interface ReturnReport {
  readonly address: PciAddress;
  /** The method that reset it, or why it could not be reset. */
  readonly reset: { readonly method: ResetMethod } | { readonly failed: string };
  /** Registers that did not take their saved value again. */
  readonly differing: readonly string[];
  /** Grants that could not be undone. */
  readonly unsettled: readonly string[];
  /** Set when the function is kept from everybody from now on. */
  readonly quarantined: string | undefined;
}

const GONE = 'it reads all ones: it is gone, or hangs';

/** Why nothing answers at a function; undefined when something does. */
export function absence(config: ConfigSpace): string | undefined {
  return isAnswered(config) ? undefined : GONE;
}

/** Settles the ledger, resets the function and puts its registers back; closes it. Never rejects. */
export async function comeBack(fn: PciFunction, saved: SavedState, ledger: Ledger): Promise<ReturnReport> {
  const { address } = fn;
  try {
    // Whatever else has to be undone, and however long that takes: it sends nothing any more.
    quiet(fn.config);
  } catch {
    // It fails below again, and is told there.
  }
  const unsettled = (await ledger.settle()).map(({ what, error }) => `${what}: ${messageOf(error)}`);
  try {
    // A device that still masters the bus would write into memory that is no longer its taker's, and one that still
    // raises its interrupt would storm a line that others share.
    quiet(fn.config);
    const reset = await tryReset(fn);
    const differing = restoreState(fn.config, saved);
    quiet(fn.config);
    const broken = 'failed' in reset && fn.resetMethods.length > 0 ? reset.failed : undefined;
    return { address, reset, differing, unsettled, quarantined: absence(fn.config) ?? broken };
  } catch (error) {
    const failed = messageOf(error);
    const quarantined = `it could not be restored: ${failed}`;
    return { address, reset: { failed }, differing: [], unsettled, quarantined };
  } finally {
    fn.close();
  }
}

async function tryReset(fn: PciFunction): Promise<ReturnReport['reset']> {
  try {
    return { method: await fn.reset() };
  } catch (error) {
    if (error instanceof ResetError) return { failed: error.why };
    throw error;
  }
}

/** No DMA and no INTx from a function that nobody drives. */
function quiet(config: ConfigSpace): void {
  changeCommand(config, CommandBit.intxDisable, CommandBit.busMaster);
}
