/** What a XenStore server does a second through its UNIX socket, measured by turns on the servers that are named. */
import { LabFailure } from '../lab/failure.js';
import {
  encodeMessage,
  encodeStrings,
  MessageDecoder,
  MessageType,
  openSocket,
  type StoreTransport,
} from '../src/xen/store/index.js';

/** What is measured, in the order of the table. */
export const LOADS = [
  'reads',
  'writes',
  'transactions',
  'events',
  'reads, 16 at once',
  'writes, 16 at once',
] as const;
export type Load = (typeof LOADS)[number];

/** Operations a second: of each server, of each load, one of each round. */
export type StoreSamples = Readonly<Record<string, Readonly<Record<Load, readonly number[]>>>>;

const TOP = '/openslot-bench';

/**
 * @param servers names and sockets.
 * @param operations of one measurement; a transaction is one.
 */
export async function measureLoads(
  servers: Readonly<Record<string, string>>,
  rounds: number,
  operations: number,
): Promise<StoreSamples> {
  const samples: Record<string, Record<Load, number[]>> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const load of LOADS) {
      for (const [name, path] of Object.entries(servers)) {
        const seconds = await timed(load, path, operations);
        const own = (samples[name] ??= {
          reads: [],
          writes: [],
          transactions: [],
          events: [],
          'reads, 16 at once': [],
          'writes, 16 at once': [],
        });
        // The first round warms up and is not counted.
        if (round > 0) own[load].push(operations / seconds);
      }
    }
  }
  return samples;
}

async function timed(load: Load, path: string, operations: number): Promise<number> {
  const asker = new Asker(await openSocket([path]));
  // Accepted before the next one knocks: xenstored lets two wait.
  await asker.ask(WRITE, 1, 1);
  const watcher = new Asker(await openSocket([path]));
  await watcher.ask(() => request(MessageType.WATCH, 0, TOP, 'bench'), 1, 1);
  if (load !== 'events') await watcher.ask(() => request(MessageType.RESET_WATCHES, 0, ''), 1, 1);
  const run = RUNS[load];
  const start = performance.now();
  await run(asker, watcher, operations);
  const seconds = (performance.now() - start) / 1000;
  await asker.ask(() => request(MessageType.RM, 0, TOP), 1, 1);
  asker.close();
  watcher.close();
  return seconds;
}

const READ = (): Uint8Array => request(MessageType.READ, 0, `${TOP}/node`);
const WRITE = (index: number): Uint8Array =>
  request(MessageType.WRITE, 0, `${TOP}/node`, `value ${index % 1000}`);

const RUNS: Readonly<Record<Load, (asker: Asker, watcher: Asker, operations: number) => Promise<void>>> = {
  reads: (asker, _, operations) => asker.ask(READ, operations, 1),
  writes: (asker, _, operations) => asker.ask(WRITE, operations, 1),
  transactions: async (asker, _, operations) => {
    // Four requests each; the ids are those that every server gives: 1, 2, 3 on a new connection.
    const steps = [
      () => request(MessageType.TRANSACTION_START, 0, ''),
      (id: number) => request(MessageType.READ, id, `${TOP}/node`),
      (id: number) => request(MessageType.WRITE, id, `${TOP}/node`, `value ${id % 1000}`),
      (id: number) => request(MessageType.TRANSACTION_END, id, 'T'),
    ] as const;
    await asker.ask((index) => steps[index & 3]?.((index >> 2) + 1) ?? READ(), 4 * operations, 1);
  },
  events: async (asker, watcher, operations) => {
    // Different nodes, so that no event equals one that waits.
    const heard = watcher.events + operations;
    await asker.ask((index) => request(MessageType.WRITE, 0, `${TOP}/${index % 50}`, ''), operations, 1);
    await watcher.until(heard);
  },
  'reads, 16 at once': (asker, _, operations) => asker.ask(READ, operations, 16),
  'writes, 16 at once': (asker, _, operations) => asker.ask(WRITE, operations, 16),
};

function request(type: number, transactionId: number, ...texts: readonly string[]): Uint8Array {
  const payload = encodeStrings(...texts) ?? new Uint8Array(0);
  // A value has no NUL behind it.
  const isValue = type === MessageType.WRITE;
  return encodeMessage({
    type,
    requestId: 1,
    transactionId,
    payload: isValue ? payload.subarray(0, -1) : payload,
  });
}

/** The thinnest client there can be: what is measured is the server. */
class Asker {
  events = 0;
  readonly #transport: StoreTransport;
  #onReply: () => void = () => undefined;
  #onEvent: () => void = () => undefined;

  constructor(transport: StoreTransport) {
    this.#transport = transport;
    const decoder = new MessageDecoder();
    transport.start({
      data: (bytes) => {
        decoder.push(bytes, ({ type }) => {
          if (type === MessageType.ERROR) throw new LabFailure('The server refused a request of the bench.');
          if (type !== MessageType.WATCH_EVENT) this.#onReply();
          else {
            this.events++;
            this.#onEvent();
          }
        });
      },
      end: () => undefined,
    });
  }

  /** Asks so many times, so many at once. */
  ask(make: (index: number) => Uint8Array, count: number, atOnce: number): Promise<void> {
    return new Promise((resolve) => {
      let sent = 0;
      let answered = 0;
      const next = (): void => {
        if (sent < count) this.#transport.send(make(sent++));
      };
      this.#onReply = () => {
        answered++;
        if (answered === count) resolve();
        else next();
      };
      for (let index = 0; index < atOnce; index++) next();
    });
  }

  until(events: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onEvent = () => {
        if (this.events >= events) resolve();
      };
      this.#onEvent();
    });
  }

  close(): void {
    this.#transport.close();
  }
}
