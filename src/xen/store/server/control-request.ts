/** CONTROL: what an administrator asks of the server itself (`xenstore-control`). Of xenstored's commands help, check and quota. */
import { joinPath } from '../paths.js';
import type { Quotas } from './quotas.js';
import { childNames } from './node.js';
import { EINVAL, ENOENT } from './refusal.js';
import { domainNumber, endedStrings, leadingInt, OK, type Answer, type Request } from './request.js';
import type { Store } from './store.js';

type Command = (store: Store, parameters: readonly string[]) => Answer;

/** Each with what it takes, as `help` prints it. */
const COMMANDS = new Map<string, { readonly takes: string; readonly answer: Command }>([
  ['check', { takes: '', answer: check }],
  ['quota', { takes: '[set <name> <val>|<domid>]', answer: quota }],
  ['help', { takes: '', answer: help }],
]);

export function control({ store, text }: Request): Answer {
  const [name = '', ...parameters] = endedStrings(text);
  return COMMANDS.get(name)?.answer(store, parameters) ?? EINVAL;
}

function help(_store: Store, parameters: readonly string[]): Answer {
  if (parameters.length > 0) return EINVAL;
  return `${[...COMMANDS].map(([name, { takes }]) => `${name}\t${takes}\n`).join('')}\0`;
}

/** Walks the whole tree: ENOENT when a node lists a child that is not there. */
function check({ tree }: Store, parameters: readonly string[]): Answer {
  if (parameters.length > 0) return EINVAL;
  const open = ['/'];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = tree.get(name);
    if (node === undefined) return ENOENT;
    for (const child of childNames(node.children)) open.push(joinPath(name, child));
  }
  return OK;
}

/** By the names that `quota set` takes. */
const QUOTAS: Readonly<Record<string, { readonly key: keyof Quotas; readonly what: string }>> = {
  nodes: { key: 'nodes', what: 'Nodes per domain' },
  watches: { key: 'watches', what: 'Watches per domain' },
  transactions: { key: 'transactions', what: 'Transactions per domain' },
  outstanding: { key: 'outstanding', what: 'Outstanding requests per domain' },
  'transaction-nodes': {
    key: 'transactionNodes',
    what: 'Max. number of accessed nodes per transaction',
  },
  memory: { key: 'memory', what: 'Total Xenstore memory per domain (error level)' },
  'node-size': { key: 'entrySize', what: 'Max. size of a node' },
  'path-max': { key: 'nameLength', what: 'Max. length of a node path' },
  permissions: { key: 'permissions', what: 'Max. number of permissions per node' },
};

/** All of them; what one domain uses; or one that is changed. */
function quota(store: Store, parameters: readonly string[]): Answer {
  const [first, name = '', value = ''] = parameters;
  if (first === undefined) {
    const lines = Object.entries(QUOTAS).map(([one, { key, what }]) =>
      line(17, one, 9, store.quotas[key], ` ${what}`),
    );
    return `Quota settings:\n${lines.join('')}\0`;
  }
  if (first !== 'set') return parameters.length === 1 ? usage(store, domainNumber(first)) : EINVAL;
  const setting = QUOTAS[name];
  if (parameters.length !== 3 || setting === undefined) return EINVAL;
  const number = leadingInt(value);
  if (number <= 0) return EINVAL;
  store.quotas[setting.key] = number;
  return OK;
}

function usage(store: Store, id: number): Answer {
  const domain = store.domains.get(id);
  if (domain === undefined) return ENOENT;
  const own = [...store.connections].filter((connection) => connection.domain === domain);
  const used = {
    nodes: domain.nodes,
    watches: domain.watches,
    transactions: own.reduce((sum, { transactions }) => sum + transactions.size, 0),
    outstanding: own.reduce((sum, { outstanding }) => sum + outstanding, 0),
    memory: domain.memory,
  };
  const lines = Object.entries(used).map(([name, value]) => line(16, name, 9, value, ''));
  return `Domain ${id}:\n${lines.join('')}\0`;
}

function line(nameWidth: number, name: string, width: number, value: number, rest: string): string {
  return `${name.padEnd(nameWidth)}:${String(value).padStart(width)}${rest}\n`;
}
