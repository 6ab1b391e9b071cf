/** Error recovery in the protocol: what the back end says of a function's channel, and what the guest can answer. */

/** In the request's `err`; the numbers are Linux's `pci_channel_state_t` (linux/include/linux/pci.h). */
export const ChannelState = {
  /** Accesses work. */
  normal: 1,
  /** Nothing passes until the function is reset. */
  frozen: 2,
  /** It is gone for good. */
  failed: 3,
} as const;
export type ChannelState = keyof typeof ChannelState;

/** In the answer's `err`; the numbers are Linux's `pci_ers_result_t`. */
export const RecoveryResult = {
  /** Nobody there can tell. */
  none: 1,
  /** The driver would go on without a reset, once it has accessed the function. */
  can_recover: 2,
  need_reset: 3,
  /** The driver gives the function up. */
  disconnect: 4,
  recovered: 5,
  no_aer_driver: 6,
} as const;
export type RecoveryResult = keyof typeof RecoveryResult;

/** The name of a state or result; undefined for a number that has none: the other end may write any. */
export function nameOf<Name extends string>(
  names: Readonly<Record<Name, number>>,
  number: number,
): Name | undefined {
  return (Object.keys(names) as Name[]).find((name) => names[name] === number);
}
