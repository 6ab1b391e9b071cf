/** Refusals of the tool stack: guests that are not there or not fit, and ends that do not answer. */
import { OpenslotError, type PciAddress } from '../pci/index.js';
import { backendPath, XENBUS_STATE_NAMES, type XenbusState } from '../xen/pciif/index.js';
import type { DomainId } from '../xen/domain.js';
import { XenCallError } from '../xen/index.js';
import type { GuestType } from '../xen/platform.js';
import type { Guest } from './guests.js';

type Named = Pick<Guest, 'id' | 'name'>;

/** No guest, or more than one, has this name. */
export class GuestUnknownError extends OpenslotError {
  readonly code = 'GUEST_UNKNOWN';
  constructor(name: string, matches: readonly Named[], all: readonly Named[]) {
    const text = ({ id, name: own }: Named) => `${own} (${id})`;
    const guests = all.map(text);
    super(
      matches.length === 0
        ? `there is no guest "${name}"; there ${guests.length === 0 ? 'is none at all' : `is ${guests.join(', ')}`}`
        : `"${name}" is the name of ${matches.length} guests: ${matches.map(text).join(', ')}`,
      { name, guests },
      guests.length === 0 ? 'start the guest first' : 'name the guest by its domain id',
    );
  }
}

/** A guest is started once, and this one was. */
export class GuestRunningError extends OpenslotError {
  readonly code = 'GUEST_RUNNING';
  constructor(id: DomainId, name: string) {
    super(`guest ${name} (${id}) runs already`, { guest: id, name }, 'openslot guest list');
  }
}

/** What gives functions to a guest that is not paravirtualised, and takes them. */
const INSTEAD: Readonly<Record<Exclude<GuestType, 'pv'>, (commands: string) => string>> = {
  hvm: (commands) =>
    `${commands}: an HVM guest has functions by its device model, from its start on with pci=["BB:DD.F"] in its configuration`,
  pvh: () =>
    'Xen has no passthrough for PVH guests yet: make the guest again with type="pv", or with type="hvm" and pci=["BB:DD.F"]',
};

/** Functions reach a guest by Xen's PCI interface only when it is paravirtualised. */
export class GuestNotPvError extends OpenslotError {
  readonly code = 'GUEST_NOT_PV';
  /** `commands` do it for an HVM guest. */
  constructor(guest: Named, type: Exclude<GuestType, 'pv'>, commands: readonly string[]) {
    super(
      `guest ${guest.name} is ${type.toUpperCase()}: Xen's PCI interface is for PV guests`,
      { guest: guest.id, name: guest.name, type },
      INSTEAD[type](commands.join('; ')),
    );
  }
}

/** The guest was made without what passthrough needs; it cannot be added while the guest lives. */
export class GuestNotPreparedError extends OpenslotError {
  readonly code = 'GUEST_NOT_PREPARED';
  constructor(guest: Guest, lacking: readonly string[], options?: ErrorOptions) {
    super(
      `guest ${guest.name} was made without ${lacking.join(' and ')}: it cannot be given functions while it lives`,
      { guest: guest.id, name: guest.name, lacking },
      `add ${lacking.join(' and ')} to the guest's configuration, and create it again`,
      options,
    );
  }
}

/** The guest ended while it was being given something, or had something taken. */
export class GuestGoneError extends OpenslotError {
  readonly code = 'GUEST_GONE';
  constructor(guest: Pick<Guest, 'id' | 'name'>) {
    super(
      `guest ${guest.name} (${guest.id}) is gone`,
      { guest: guest.id, name: guest.name },
      'what came back: openslot list',
    );
  }
}

/** What a call met, as the tool stack says it: a domain that the hypervisor does not know any more is a guest that is gone. */
export function goneOr(error: unknown, guest: Guest): unknown {
  return error instanceof XenCallError && error.errno === 'ESRCH' ? new GuestGoneError(guest) : error;
}

/** The guest maps frames of the real machine, and this machine's memory has none. */
export class MachineNotMappableError extends OpenslotError {
  readonly code = 'MACHINE_NOT_MAPPABLE';
  constructor(machine: string, guest: Guest) {
    super(
      `guest ${guest.name} runs on a real Xen and can map real memory only: functions of the machine ${machine} have none`,
      { machine, guest: guest.id, name: guest.name },
      `give it functions of --on linux; those of ${machine} go to guests of an embedded Xen`,
    );
  }
}

/** The guest does not have the function. */
export class FunctionNotAttachedError extends OpenslotError {
  readonly code = 'FUNCTION_NOT_ATTACHED';
  constructor(guest: Guest, wanted: string, has: readonly PciAddress[]) {
    const list = has.map(String);
    super(
      `guest ${guest.name} does not have ${wanted}; it has ${list.length === 0 ? 'no function' : list.join(', ')}`,
      { guest: guest.id, name: guest.name, wanted, has: list },
      'openslot list',
    );
  }
}

/** No assignable function has this name. */
export class FunctionNameUnknownError extends OpenslotError {
  readonly code = 'FUNCTION_NAME_UNKNOWN';
  constructor(name: string) {
    super(
      `no function is named "${name}"`,
      { name },
      'the names there are: openslot name; those that xl gave: xl pci-assignable-list -n',
    );
  }
}

/** The guest's front end takes what is there when it connects, and no change while it runs. */
export class FrontEndFixedError extends OpenslotError {
  readonly code = 'FRONT_END_FIXED';
  /** `spec`: what the change is for, as the command line has it. */
  constructor(change: 'attach' | 'detach', guest: Named, spec: string) {
    const { id, name } = guest;
    super(
      `the front end of guest ${name} takes no changes while it runs: neither the AER flag of its page nor feature-reconfigure in its directory is set; NetBSD's ends its guest with a panic when it is told of one`,
      { guest: id, name, change, spec, frontEnd: 'fixed', aerHandler: false, featureReconfigure: false },
      change === 'attach'
        ? `end the guest and create it paused (xl create -p); give it the function: openslot attach ${name} ${spec}; let it run: xl unpause ${name}; tell it all the same: openslot attach --force ${name} ${spec}`
        : `end the guest, and it has nothing any more; take it away without a word to the guest: openslot detach --force ${name} ${spec}`,
    );
  }
}

/** The states of both ends of a guest's pair, as a message shows them. */
export interface SeenStates {
  readonly back: XenbusState;
  readonly front: XenbusState;
}

function namesOf({ back, front }: SeenStates) {
  return { back: XENBUS_STATE_NAMES[back], front: XENBUS_STATE_NAMES[front] };
}

/** One end of the pair did not do its step in time; what was begun is undone. */
export class PairSilentError extends OpenslotError {
  readonly code: 'GUEST_SILENT' | 'BACK_END_SILENT';
  constructor(
    who: 'guest' | 'back end',
    guest: Guest,
    states: SeenStates,
    seconds: number,
    detaching: string | undefined,
  ) {
    const { back, front } = namesOf(states);
    const subject = who === 'guest' ? `the front end of guest ${guest.name}` : 'the back end';
    const next =
      who === 'back end'
        ? "look at the owner's log; a back end of an earlier run does not answer any more"
        : detaching === undefined
          ? 'see that the guest runs and that its front end (xen-pcifront, xpci) takes changes while it runs; else attach to it paused'
          : `take it without the guest: openslot detach --force ${guest.name} ${detaching}`;
    super(
      `${subject} did not answer within ${seconds} s (back end: ${back}, front end: ${front})`,
      { guest: guest.id, name: guest.name, back, front, seconds },
      next,
    );
    this.code = who === 'guest' ? 'GUEST_SILENT' : 'BACK_END_SILENT';
  }
}

/** The guest's front end has closed the pair: no function comes or goes over it. */
export class PairClosedError extends OpenslotError {
  readonly code = 'PAIR_CLOSED';
  constructor(guest: Guest, states: SeenStates) {
    const { back, front } = namesOf(states);
    super(
      `the PCI pair of guest ${guest.name} is closed (back end: ${back}, front end: ${front})`,
      { guest: guest.id, name: guest.name, back, front },
      'detach what it has, then attach again',
    );
  }
}

/** What was to be given, or taken, was taken away by somebody else before it was done. */
export class PairChangedError extends OpenslotError {
  readonly code = 'PAIR_CHANGED';
  constructor(guest: Guest) {
    super(
      `another tool stack took functions of guest ${guest.name} away meanwhile`,
      { guest: guest.id, name: guest.name },
      'who has what: openslot list',
    );
  }
}

/** The back end did not export the function, for a reason that only its log tells. */
export class ExportRefusedError extends OpenslotError {
  readonly code = 'EXPORT_REFUSED';
  constructor(guest: Guest, own: DomainId, address: PciAddress) {
    super(
      `the back end did not export ${address} to guest ${guest.name}`,
      { guest: guest.id, name: guest.name, address: String(address) },
      `look at the owner's log; xenstore-ls -fp ${backendPath(own, guest.id)}`,
    );
  }
}

/** Of several functions that were asked for together some cannot be given: nobody got any. */
export class FunctionsRefusedError extends OpenslotError {
  readonly code = 'FUNCTIONS_REFUSED';
  constructor(
    wanted: number,
    refusals: readonly { readonly address: PciAddress; readonly error: OpenslotError }[],
  ) {
    super(
      `${refusals.length} of ${wanted} functions cannot be given, so none was: ${refusals.map(({ error }) => error.message).join('; ')}`,
      {
        wanted,
        refused: refusals.map(({ address, error }) => `${address} ${error.code}`),
      },
      [...new Set(refusals.map(({ error }) => error.next))].filter((next) => next !== '').join('; '),
    );
  }
}

/** A function was asked for twice in one request. */
export class FunctionNamedTwiceError extends OpenslotError {
  readonly code = 'FUNCTION_NAMED_TWICE';
  constructor(address: PciAddress) {
    super(`${address} is named twice`, { address: String(address) }, 'name each function once');
  }
}
