/** The admin command set (NVM Express 1.4, 5). */
import type { Command, Outcome } from './command.js';
import { LARGEST_TRANSFER, type DataTransfer } from './data-transfer.js';
import { ERROR_EVENT, HEALTH_EVENT, type EventRequests } from './event-requests.js';
import type { Features } from './features.js';
import {
  NAMESPACE,
  identifyController,
  identifyNamespace,
  namespaceDescriptors,
  namespaceList,
  type Identity,
} from './identify.js';
import { ERROR_LOG, FIRMWARE_LOG, HEALTH_LOG, firmwarePage, healthPage } from './logs.js';
import type { ErrorLog, Traffic } from './logs.js';
import type { QueueTable } from './queue-table.js';
import {
  EVENT_REQUEST_LIMIT_EXCEEDED,
  INVALID_FIELD,
  INVALID_LOG_PAGE,
  INVALID_NAMESPACE,
  INVALID_OPCODE,
  INVALID_QUEUE_SIZE,
  SUCCESS,
  type Status,
} from './status.js';

/** What admin commands concern; the controller's own. */
export interface AdminState {
  readonly identity: Identity;
  readonly transfer: DataTransfer;
  readonly queues: QueueTable;
  readonly features: Features;
  readonly events: EventRequests;
  readonly errors: ErrorLog;
  readonly traffic: Traffic;
  /** Nanoseconds since power on. */
  readonly now: () => number;
  /** Controller configuration gives the entry sizes of I/O queues that this controller has. */
  readonly entrySizesSet: () => boolean;
  /** Interrupt vectors that completion queues can have now; the pin is one. */
  readonly vectors: () => number;
  /** Completes a waiting event request as aborted. @returns false when none of this id waits. */
  readonly abortEventRequest: (id: number) => boolean;
}

const NOT_ABORTED = 1;
const RETAIN_EVENT = 0x8000;

/** @returns undefined for an event request that was taken up: its completion comes with an event. */
export function executeAdmin(state: AdminState, command: Command): Outcome | undefined {
  switch (command.opcode) {
    case 0x00:
      return { status: state.queues.deleteSubmission(command) };
    case 0x01:
      if (!state.entrySizesSet()) return { status: INVALID_QUEUE_SIZE };
      return { status: state.queues.createSubmission(command, state.features) };
    case 0x02:
      return { status: logPage(state, command) };
    case 0x04:
      return { status: state.queues.deleteCompletion(command) };
    case 0x05:
      if (!state.entrySizesSet()) return { status: INVALID_QUEUE_SIZE };
      return { status: state.queues.createCompletion(command, state.features, state.vectors()) };
    case 0x06:
      return { status: identify(state, command) };
    case 0x08:
      return { status: SUCCESS, result: abort(state, command) };
    case 0x09:
      return setFeatures(state, command);
    case 0x0a:
      return state.features.get(command);
    case 0x0c:
      return state.events.add(command.id) ? undefined : { status: EVENT_REQUEST_LIMIT_EXCEEDED };
    default:
      return { status: INVALID_OPCODE };
  }
}

function identify({ identity, transfer }: AdminState, command: Command): Status {
  const { namespace } = command;
  switch (command.dword10 & 0xff) {
    case 0x00:
      if (namespace !== NAMESPACE) return INVALID_NAMESPACE;
      return transfer.toHost(command, identifyNamespace(identity));
    case 0x01:
      return transfer.toHost(command, identifyController(identity));
    case 0x02:
      if (namespace >= 0xffff_fffe) return INVALID_NAMESPACE;
      return transfer.toHost(command, namespaceList(namespace));
    case 0x03:
      if (namespace !== NAMESPACE) return INVALID_NAMESPACE;
      return transfer.toHost(command, namespaceDescriptors(identity));
    default:
      return INVALID_FIELD;
  }
}

/** The host may read a part, and more than there is: then it gets what there is. */
function logPage(state: AdminState, command: Command): Status {
  const { dword10, dword11, namespace } = command;
  const kind = dword10 & 0xff;
  const page = logBytes(state, kind);
  if (page === undefined) return INVALID_LOG_PAGE;
  // Health is that of the controller; no namespace has its own.
  if (kind === HEALTH_LOG && namespace !== 0 && namespace !== 0xffff_ffff) return INVALID_FIELD;
  const dwords = (dword11 & 0xffff) * 0x1_0000 + (dword10 >>> 16) + 1;
  if (dwords * 4 > LARGEST_TRANSFER) return INVALID_FIELD;
  const offset = command.dword12;
  if (command.dword13 !== 0 || offset % 4 !== 0 || offset >= page.length) return INVALID_FIELD;
  const status = state.transfer.toHost(command, page.subarray(offset, offset + dwords * 4));
  if (status === SUCCESS && (dword10 & RETAIN_EVENT) === 0) {
    if (kind === ERROR_LOG) state.events.seen(ERROR_EVENT);
    if (kind === HEALTH_LOG) state.events.seen(HEALTH_EVENT);
  }
  return status;
}

function logBytes({ errors, features, traffic, now }: AdminState, kind: number): Uint8Array | undefined {
  switch (kind) {
    case ERROR_LOG:
      return errors.page;
    case HEALTH_LOG:
      return healthPage(features, traffic, errors.count, now());
    case FIRMWARE_LOG:
      return firmwarePage();
    default:
      return undefined;
  }
}

/** A command that was taken is done at once, so only an event request waits long enough to be aborted. */
function abort(state: AdminState, { dword10 }: Command): number {
  const queue = dword10 & 0xffff;
  return queue === 0 && state.abortEventRequest(dword10 >>> 16) ? 0 : NOT_ABORTED;
}

function setFeatures({ queues, features, events }: AdminState, command: Command): Outcome {
  const outcome = features.set(command, queues.hasIoQueues);
  if (outcome.status === SUCCESS && features.temperatureWarning && features.reportsTemperature) {
    events.raise({ type: HEALTH_EVENT, information: 1, page: HEALTH_LOG });
  }
  return outcome;
}
