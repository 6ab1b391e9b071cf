/** Running a transaction: start, body, end, and again when another writer was in the way. */
import type { StoreConnection } from './connection.js';
import { isRefusal, XenStoreContendedError, XenStoreProtocolError, XenStoreRefusedError } from './errors.js';
import { Discarded } from './store.js';
import type { StoreView } from './store.js';
import { ConnectionView } from './view.js';
import { decodeStrings } from './wire.js';

/** Longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 32;

export interface TransactionOptions {
  readonly maxAttempts: number;
  /** Waits between attempts. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** What {@link XenStore.transaction} promises, over one connection. */
export async function runTransaction<T>(
  connection: StoreConnection,
  body: (tx: StoreView) => Promise<T | Discarded<T>>,
  { maxAttempts, pause }: TransactionOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const done = await attemptOnce(connection, body);
    if (done !== undefined) return done.value;
    if (attempt >= maxAttempts) throw new XenStoreContendedError('a transaction', attempt);
    // The first repetition is at once; later ones at uneven distances, else two in conflict would stay in step.
    if (attempt > 1) {
      await pause(Math.ceil(Math.min(LONGEST_PAUSE, 2 ** (attempt - 2)) * (0.5 + Math.random() / 2)));
    }
  }
}

/** Undefined when others were in the way: the end was refused, or what was asked before it had no answer any more. */
async function attemptOnce<T>(
  connection: StoreConnection,
  body: (tx: StoreView) => Promise<T | Discarded<T>>,
): Promise<{ readonly value: T } | undefined> {
  const transactionId = await start(connection);
  const view = new ConnectionView(connection, transactionId);
  let result: T | Discarded<T>;
  try {
    result = await body(view);
  } catch (error) {
    await view.finish();
    await discardAfter(error, connection, transactionId, view);
    if (view.sawConflict) return undefined;
    throw error;
  }
  await view.finish();
  const kept = !(result instanceof Discarded);
  try {
    await end(connection, transactionId, kept);
  } catch (error) {
    if (isRefusal(error, 'ENOENT')) throw forgotten(error);
    if (kept && isRefusal(error, 'EAGAIN')) return undefined;
    throw error;
  }
  return { value: result instanceof Discarded ? result.value : result };
}

/** Ends a transaction whose body threw. The body's error stands, unless it may rest on answers that were void. */
async function discardAfter(
  thrown: unknown,
  connection: StoreConnection,
  transactionId: number,
  view: ConnectionView,
): Promise<void> {
  try {
    await end(connection, transactionId, false);
  } catch (error) {
    if (view.sawMissing && isRefusal(error, 'ENOENT')) throw forgotten(thrown);
  }
}

async function start(connection: StoreConnection): Promise<number> {
  // The protocol wants an argument, be it empty.
  const payload = await connection.request({
    type: 'TRANSACTION_START',
    transactionId: 0,
    payload: new Uint8Array(1),
  });
  const [text = '', ...rest] = decodeStrings(payload) ?? [];
  const id = Number(text);
  if (rest.length > 0 || !/^[1-9][0-9]{0,9}$/.test(text) || id > 0xffff_ffff) {
    throw connection.fail(new XenStoreProtocolError('a transaction id that is no number', { text }));
  }
  return id;
}

async function end(connection: StoreConnection, transactionId: number, commit: boolean): Promise<void> {
  const payload = Uint8Array.of((commit ? 'T' : 'F').charCodeAt(0), 0);
  await connection.request({ type: 'TRANSACTION_END', transactionId, payload });
}

// "No such node" and "no such transaction" are the same errno; only END, which names no node, is without doubt.
function forgotten(cause: unknown): XenStoreRefusedError {
  const reason = 'the store has forgotten the transaction, so what it said inside it is void';
  return new XenStoreRefusedError({ name: 'TRANSACTION_END' }, 'ENOENT', { by: 'server', reason, cause });
}
