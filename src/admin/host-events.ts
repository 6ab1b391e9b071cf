/** What happens on an embedded host, as data; and the one place where it becomes text. */
import type { ErrorReport, IommuFault } from '../function/index.js';
import { errorData, reasonOf, visibleText } from '../pci/index.js';
import { describeEvent, eventData, type PcibackEvent } from '../pciback/index.js';
import type { DomainId } from '../xen/domain.js';
import type { CrashError, DomainEnd } from '../xen/local/index.js';
import type { GuestEvent } from './local-guests.js';

/** `describeHostEvent` makes a line of it, `hostEventData` JSON. */
export type HostEvent =
  | { readonly of: 'back end'; readonly event: PcibackEvent }
  | { readonly of: 'guest'; readonly event: GuestEvent }
  /** What could not be cleared up behind a guest. */
  | { readonly of: 'tool stack'; readonly doing: string; readonly error: unknown }
  /** `count` like it, but for the address, have come since the last one that was told, it included. */
  | { readonly of: 'IOMMU'; readonly fault: IommuFault; readonly count: number }
  /** A function reported an error, or `count` like it since the last one that was told, it included. */
  | { readonly of: 'PCI'; readonly report: ErrorReport; readonly count: number }
  /** A guest's call met a fault of ours. */
  | { readonly of: 'hypervisor'; readonly guest: DomainId; readonly error: unknown };

/** One line, without an end. What a guest printed is in it: nothing in it may command a terminal. */
export function describeHostEvent(event: HostEvent): string {
  return visibleText(textOf(event));
}

function textOf(event: HostEvent): string {
  switch (event.of) {
    case 'back end':
      return describeEvent(event.event);
    case 'guest':
      return guestText(event.event);
    case 'tool stack':
      return `${event.doing} failed: ${reasonOf(event.error)}`;
    case 'IOMMU':
      return event.count === 1
        ? describeFault(event.fault)
        : `${describeFault(event.fault)}; so were ${event.count - 1} more like it`;
    case 'PCI':
      return event.count === 1
        ? describeReport(event.report)
        : `${describeReport(event.report)}; and ${event.count - 1} more like it`;
    case 'hypervisor':
      return `guest ${event.guest}: a call of it failed: ${reasonOf(event.error)}`;
  }
}

const FAULT_WHY: Readonly<Record<IommuFault['why'], string>> = {
  unmapped: "nothing of its owner's is there",
  not_allowed: 'its owner does not allow that',
  quarantined: 'it is in quarantine',
  bus_master_off: 'it may not master the bus',
};

/** A DMA or a message that reached nothing, as a person reads it. */
export function describeFault({ requester, iova, access, why, context }: IommuFault): string {
  const whose = context === undefined ? '' : ` of ${context}`;
  const what = access === 'message' ? 'an interrupt message' : `a DMA ${access}`;
  return `${requester}${whose}: ${what} at 0x${iova.toString(16)} was stopped: ${FAULT_WHY[why]}`;
}

/** An error that a function has reported, as a person reads it. */
function describeReport({ address, severity, errors }: ErrorReport): string {
  const which = errors.length === 0 ? 'it does not say which' : errors.join(', ');
  return `${address}: PCI error, ${severity === 'non_fatal' ? 'not fatal' : severity}: ${which}`;
}

function guestText(event: GuestEvent): string {
  switch (event.event) {
    case 'started':
      return `guest ${event.guest}: ${event.name} runs ${event.file}`;
    case 'output':
      return `${event.name} | ${event.line}`;
    case 'ended':
      return `guest ${event.guest}: ${event.name} ${describeEnd(event.end)}`;
  }
}

/** A refusal of ours that the program did not catch keeps its code, and what helps. */
function crashText({ code, message, next = '' }: CrashError): string {
  return `${code === undefined ? '' : `${code}: `}${message}${next === '' ? '' : ` (${next})`}`;
}

/** Behind a guest's name: `has ended`, `has crashed: …`, `was destroyed`. */
export function describeEnd(end: DomainEnd): string {
  switch (end.how) {
    case 'exit':
      return end.code === 0 ? 'has ended' : `has ended with exit code ${end.code}`;
    case 'crash':
      return `has crashed: ${crashText(end.error)}`;
    case 'destroyed':
      return 'was destroyed';
  }
}

function endData(end: DomainEnd): object {
  if (end.how !== 'crash') return end;
  const { code, message, next, stack } = end.error;
  return { how: end.how, code, message, next, stack };
}

/** The event as data that JSON can carry. */
export function hostEventData(event: HostEvent): object {
  switch (event.of) {
    case 'back end':
      return { of: event.of, ...eventData(event.event) };
    case 'guest':
      return event.event.event === 'ended'
        ? { of: event.of, ...event.event, end: endData(event.event.end) }
        : { of: event.of, ...event.event };
    case 'IOMMU':
      return {
        of: event.of,
        ...event.fault,
        iova: `0x${event.fault.iova.toString(16)}`,
        count: event.count,
      };
    case 'PCI':
      return event;
    default:
      return { ...event, error: errorData(event.error) };
  }
}
