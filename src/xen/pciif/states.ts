/** States of a XenBus device (xen/include/public/io/xenbus.h). */

export const XenbusState = {
  unknown: 0,
  initialising: 1,
  initWait: 2,
  initialised: 3,
  connected: 4,
  closing: 5,
  closed: 6,
  reconfiguring: 7,
  reconfigured: 8,
} as const;
export type XenbusState = (typeof XenbusState)[keyof typeof XenbusState];

/** Names as the header writes them, for messages. */
export const XENBUS_STATE_NAMES: Readonly<Record<XenbusState, string>> = [
  'Unknown',
  'Initialising',
  'InitWait',
  'Initialised',
  'Connected',
  'Closing',
  'Closed',
  'Reconfiguring',
  'Reconfigured',
];

/** Reads a `state` key. A peer may write anything: what is not a state is Unknown, as it is for Linux. */
export function parseState(text: string | undefined): XenbusState {
  if (text === undefined || !/^[0-8]$/.test(text)) return XenbusState.unknown;
  return Number(text) as XenbusState;
}

/** Life of one exported function in the back end's `state-N`. */
export const ExportState = { wanted: 1, exported: 3, leaving: 5 } as const;
