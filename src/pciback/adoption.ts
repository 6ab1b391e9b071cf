/**
 * Adoption: how a process that serves guests goes on where a former one ended, whatever that one was doing.
 *
 * A process can end between any two of its steps (SIGKILL, a crash, the kernel short of memory). The guest lives on, and
 * its device works on: registers are mapped into the guest, interrupts go from the hypervisor to it, DMA through the
 * IOMMU. Only configuration space, interrupts that are switched on or off, and changes of the list wait for somebody.
 * Nothing of what that somebody needs may be in the former one's memory alone. It stands
 *
 * - in XenStore: both ends' states, the functions that the tool stack wants, where the guest's page and event channel
 *   are (`pci-op-ref`, `event-channel`), the guest's uuid, and what a tool stack granted with each function;
 * - in the hardware: registers that are passed through, the enable bits of messages, decoding;
 * - in the hypervisor and the kernel: pirqs, protected tables, IOMMU contexts. What was bound to the process itself, the
 *   mapping of the page and our end of the event channel, went with it: Xen keeps the guest's end unbound and lets the
 *   same domain bind it again;
 * - in the journal of claims (`pool`): who has each function, and the registers that it is restored to on its return.
 *   It is read before anything else is done, so that a function which a guest has is nobody else's for no moment;
 * - in the guest's record (`guest-record.ts`): what the guest's configuration space remembers (an address register that
 *   was written with ones and not read yet), the pirqs of its messages, what must be undone when a function returns.
 *   XenStore could hold it, but no write to it ends before the reply to the guest must be written, and a write that is
 *   on its way is lost with the process. A file below /run is written by one system call and outlives the process as
 *   the guest does; both end with the host.
 *
 * Two rules make every moment one to go on from. A change is taken down before the guest can see it: what the record
 * says may not be done yet, and is done or undone by who finds it. And an operation that has no answer yet is carried
 * out again from the beginning: each has the same outcome twice as once, but for switching messages on, whose answer is
 * in the record until the guest has it. (A guest that asks for the same once more in the very moment between its answer
 * and the note of that is answered like the first time, and not refused: the page cannot tell the two.) Steps of the
 * pair are taken from the states alone, as in undisturbed life.
 *
 * | the former process ended | the next one finds | and |
 * | --- | --- | --- |
 * | while it exported a new pair's functions | own state 2, some in the record | exports the others, says where all are |
 * | before the front end's page was mapped | own state 3 | waits, or connects |
 * | in the guest's life | own state 4 | maps, binds, answers what waits in the page |
 * | in a hot change | own state 7 or 8 | the same, and makes the change as if nothing had been done of it |
 * | while a function was on its way back | `leaving` in the record | takes it back from the beginning; the guest cannot reach it |
 * | after the front end closed | own state 5 or 6 | waits until the pair goes |
 * | and then the guest | a record, and no such guest | takes back what it had |
 * | between the journal and the record | a function taken by nobody's record | takes it back: no guest has seen it |
 */
import { XenbusState } from '../xen/pciif/index.js';
import type { XenStore } from '../xen/store/index.js';
import type { BackendPhase } from './handshake.js';
import type { GuestRecord } from './guest-record.js';
import type { PairKeys, PairStates } from './pair-keys.js';

/** `living`: the guest and the pair of the record. `replaced`: another one by now. `ended`: there is no such guest. */
export type Recognised = 'living' | 'replaced' | 'ended';

/** Whose record it is that was found. */
export async function recognise(
  store: XenStore,
  keys: PairKeys,
  record: GuestRecord,
  states: PairStates | undefined,
): Promise<Recognised> {
  if (!(await store.isIntroduced(record.guest))) return 'ended';
  // Nothing is exported in the state in which a tool stack makes a pair: this one is a new pair.
  const made = states?.own === XenbusState.initialising && record.exports.length > 0;
  return (await keys.uuid()) === record.uuid && !made ? 'living' : 'replaced';
}

/**
 * Where a back end stands whose own state is this one. The states 7 are two: a guest that had connected answers them,
 * one that had not finds its functions when it does.
 */
export function phaseOf(own: XenbusState, connected: boolean): BackendPhase {
  switch (own) {
    case XenbusState.unknown:
    case XenbusState.initialising:
    case XenbusState.initWait:
      return 'starting';
    case XenbusState.initialised:
      return 'exported';
    case XenbusState.connected:
    case XenbusState.reconfiguring:
    case XenbusState.reconfigured:
      return connected ? 'connected' : 'exported';
    case XenbusState.closing:
    case XenbusState.closed:
      return 'closed';
  }
}

/** The front end has closed, or begins to. */
export function isLeaving(front: XenbusState): boolean {
  return front === XenbusState.closing || front === XenbusState.closed;
}
