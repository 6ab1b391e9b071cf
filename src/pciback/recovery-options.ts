/** What an administrator decides about errors of functions in guests' hands. */

/**
 * What becomes of a function that its guest has not recovered: it did not answer, gave up, has no driver that could, or
 * the function did not come back from its reset.
 * - `take-back`: the guest loses the function, which is kept from everybody with the reason. The guest, and whatever
 *   else it has, goes on. Needs nobody's help, so it is the default.
 * - `kill-guest`: as Linux's back end: `aerState` = `aerfail` is written beside the guest's functions, and the tool stack
 *   ends the guest. Ours of the embedded Xen does; libxl does not look there.
 * - `ignore`: it is told, and the guest keeps a function that may not work.
 */
export type ErrorPolicy = 'take-back' | 'kill-guest' | 'ignore';

/** How long and how often a guest is asked to recover a function, and what then. */
export interface RecoveryOptions {
  readonly policy: ErrorPolicy;
  /** Longest wait for a guest's answer to one step, in milliseconds. Linux's back end waits 300 s. */
  readonly answerMs: number;
  /** Recoveries of one function in an hour; the next error is for the policy. Linux's EEH has the same number. */
  readonly mostPerHour: number;
}

export const DEFAULT_RECOVERY: RecoveryOptions = { policy: 'take-back', answerMs: 60_000, mostPerHour: 5 };
