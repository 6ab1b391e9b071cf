/** What a client of the store has changed: its committed writes, in the form of the recordings. */
import {
  decodeStrings,
  decodeText,
  MessageDecoder,
  MessageType,
  type Message,
  type StoreTransport,
} from '../../src/xen/store/index.js';

/** One write as the recordings spell it: `WRITE /path value`, `MKDIR /path`, `SET_PERMS /path n0 r1`, `RM /path`. */
export type Written = string;

const CHANGES: ReadonlyMap<number, string> = new Map([
  [MessageType.WRITE, 'WRITE'],
  [MessageType.MKDIR, 'MKDIR'],
  [MessageType.RM, 'RM'],
  [MessageType.SET_PERMS, 'SET_PERMS'],
]);

/** Stands between a store and its client. `groups` holds what became true at once, in order: a transaction, or one write. */
export class WriteTap {
  readonly groups: (readonly Written[])[] = [];
  readonly #open = new Map<number, Written[]>();
  /** Ends of transactions that are not answered yet, by request id. */
  readonly #ending = new Map<number, number>();

  readonly tap = (transport: StoreTransport): StoreTransport => {
    const requests = new MessageDecoder();
    const replies = new MessageDecoder();
    return {
      name: transport.name,
      maxPayload: transport.maxPayload,
      start: (handlers) => {
        transport.start({
          data: (bytes) => {
            replies.push(bytes, (reply) => {
              this.#replied(reply);
            });
            handlers.data(bytes);
          },
          end: (error) => {
            handlers.end(error);
          },
        });
      },
      send: (bytes) => {
        requests.push(bytes, (request) => {
          this.#asked(request);
        });
        transport.send(bytes);
      },
      close: () => {
        transport.close();
      },
    };
  };

  #asked({ type, transactionId, requestId, payload }: Message): void {
    if (type === MessageType.TRANSACTION_END) {
      if (decodeStrings(payload)?.[0] === 'T') this.#ending.set(requestId, transactionId);
      else this.#open.delete(transactionId);
      return;
    }
    const change = CHANGES.get(type);
    if (change === undefined) return;
    // WRITE has no NUL behind the value.
    const text = decodeText(payload).split('\0').join(' ').trim();
    const written = `${change} ${text}`;
    if (transactionId === 0) this.groups.push([written]);
    else this.#open.set(transactionId, [...(this.#open.get(transactionId) ?? []), written]);
  }

  #replied({ type, requestId }: Message): void {
    const transaction = this.#ending.get(requestId);
    if (transaction === undefined) return;
    this.#ending.delete(requestId);
    const group = this.#open.get(transaction);
    this.#open.delete(transaction);
    if (type !== MessageType.ERROR && group !== undefined) this.groups.push(group);
  }
}

/**
 * The recording's writes by these clients, in the same form. libxl also removes what is not there; such a removal
 * changes nothing and is left out.
 */
export function recordedWrites(recording: string, clients: ReadonlySet<string>): (readonly Written[])[] {
  const homes: Readonly<Record<string, string>> = { c1: '/local/domain/0/', c2: '/local/domain/1/' };
  const there = new Set<string>(['/local/domain/0/backend', '/local/domain/1/device', '/libxl']);
  const groups: (readonly Written[])[] = [];
  const open = new Map<string, Written[]>();
  for (const line of recording.split('\n')) {
    const [client = '', operation = '', name = '', ...rest] = line.split(' ');
    if (!/^c\d$/.test(client)) continue;
    if (operation === 'TRANSACTION_START') open.set(client, []);
    if (operation === 'TRANSACTION_END') {
      if (clients.has(client)) groups.push(open.get(client) ?? []);
      open.delete(client);
    }
    if (name === '' || operation.startsWith('TRANSACTION')) continue;
    const path = name.startsWith('/') ? name : `${homes[client] ?? ''}${name}`;
    if (operation === 'RM') {
      if (!there.has(path)) continue;
      for (const node of there) if (node === path || node.startsWith(`${path}/`)) there.delete(node);
    } else for (let node = path; node !== ''; node = node.slice(0, node.lastIndexOf('/'))) there.add(node);
    const written = [operation, path, ...rest].join(' ');
    const group = open.get(client);
    if (group !== undefined) group.push(written);
    else if (clients.has(client)) groups.push([written]);
  }
  return groups;
}
