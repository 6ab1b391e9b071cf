/** What a guest's front end can take, recognised by what it showed when it connected; and what it may be told at its end. */
import { XenbusState } from '../xen/pciif/index.js';

/**
 * - `reconfigurable`: it follows states 7 and 8, so that functions come and go while it runs.
 * - `fixed`: it takes what is there when it connects, and nothing later. NetBSD's xpci is one: it ends its guest with a
 *   panic when it sees state 7 or 8, and at 6, which it takes for the removal of its bus.
 */
export type FrontEndKind = 'reconfigurable' | 'fixed';

/** What tells one from the other; nothing else that both write differs. */
export interface FrontEndSigns {
  /** Flag 1 of the shared page: Linux's xen-pcifront sets it before it publishes the page, and so does xpci. */
  readonly aerHandler: boolean;
  /** `feature-reconfigure` in its directory: our own front end says so besides. */
  readonly saysSo: boolean;
}

/** A front end that shows nothing is taken for fixed: the mistake costs a refusal, the opposite one a guest. */
export function frontEndKind({ aerHandler, saysSo }: FrontEndSigns): FrontEndKind {
  return aerHandler || saysSo ? 'reconfigurable' : 'fixed';
}

/**
 * Our state once the front end is Closing or Closed. Closed is said only to who closed first, and never to a fixed front
 * end: that takes it for the removal of its bus, which its guest does not survive. It is Closed itself as soon as it sees
 * us closing.
 */
export function closingAnswer(
  front: XenbusState,
  frontEnd: FrontEndKind | undefined,
  weClosedFirst: boolean,
): XenbusState {
  return weClosedFirst || frontEnd === 'fixed' ? XenbusState.closing : front;
}
