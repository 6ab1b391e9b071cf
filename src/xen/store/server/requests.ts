/** Which operation answers which type of message, and who may ask for it. */
import { MessageType, type Message, type MessageName } from '../wire.js';
import type { Connection } from './connection.js';
import { control } from './control-request.js';
import {
  getDomainPath,
  introduce,
  isDomainIntroduced,
  release,
  resume,
  setTarget,
} from './domain-requests.js';
import {
  directory,
  directoryPart,
  getPermissions,
  mkdir,
  read,
  remove,
  setPermissions,
  write,
} from './node-requests.js';
import { EACCES, ENOENT, ENOSYS } from './refusal.js';
import type { Answer, Request } from './request.js';
import type { Store } from './store.js';
import { endTransaction, startTransaction } from './transaction-requests.js';
import { resetWatches, unwatch, watch } from './watch-requests.js';

interface Operation {
  readonly answer: (request: Request) => Answer;
  /** Only dom0 may ask. */
  readonly privileged?: true;
  /** It belongs to no transaction, whatever its header says. */
  readonly outside?: true;
}

const OPERATIONS: Partial<Record<MessageName, Operation>> = {
  CONTROL: { answer: control, privileged: true },
  DIRECTORY: { answer: directory },
  READ: { answer: read },
  GET_PERMS: { answer: getPermissions },
  WATCH: { answer: watch, outside: true },
  UNWATCH: { answer: unwatch, outside: true },
  TRANSACTION_START: { answer: startTransaction },
  TRANSACTION_END: { answer: endTransaction },
  INTRODUCE: { answer: introduce, privileged: true },
  RELEASE: { answer: release, privileged: true },
  GET_DOMAIN_PATH: { answer: getDomainPath },
  WRITE: { answer: write },
  MKDIR: { answer: mkdir },
  RM: { answer: remove },
  SET_PERMS: { answer: setPermissions },
  IS_DOMAIN_INTRODUCED: { answer: isDomainIntroduced, privileged: true },
  RESUME: { answer: resume, privileged: true },
  SET_TARGET: { answer: setTarget, privileged: true },
  RESET_WATCHES: { answer: resetWatches },
  DIRECTORY_PART: { answer: directoryPart },
};

/** By number. */
const TABLE: readonly (Operation | undefined)[] = Object.entries(OPERATIONS).reduce<
  (Operation | undefined)[]
>((table, [name, operation]) => {
  table[MessageType[name as MessageName]] = operation;
  return table;
}, []);

/** Answers a request. What it changes is changed when this returns; its events are queued before its reply. */
export function answer(store: Store, connection: Connection, message: Message, text: string): Answer {
  const operation = TABLE[message.type];
  if (operation === undefined) return ENOSYS;
  if (operation.privileged === true && !connection.domain.privileged) return EACCES;
  const id = operation.outside === true ? 0 : message.transactionId;
  const transaction = id === 0 ? undefined : connection.transactions.get(id);
  if (id !== 0 && transaction === undefined) return ENOENT;
  const view = transaction ?? store.tree;
  return operation.answer({ store, connection, message, text, transaction, view });
}
