/** Requests for a comparison: all kinds, on few nodes so that they meet, with everything that can be wrong about them. */
import { MAX_PAYLOAD, MessageType } from '../../../../src/xen/store/index.js';
import type { Place } from './names.js';
import { OPERATIONS, type Context, type Open } from './payloads.js';
import { Random } from './random.js';
import { CONNECTIONS, type RequestStep, type Step, type TransactionChoice } from './step.js';

export interface GeneratorOptions extends Place {
  readonly seed: number;
  /** Requests; connections that end come on top. */
  readonly count: number;
}

const NO_TRANSACTION: TransactionChoice = { id: 0 };
/** Nodes below the one that is too wide for one reply. */
const WIDTH = 420;

/** The same steps for the same options. */
export function generateSteps({ seed, count, ...place }: GeneratorOptions): Step[] {
  const random = new Random(seed);
  const open: Open = { transactions: [], watches: [] };
  const steps: Step[] = [];
  const wide = `${place.top}/wide`;
  let requests = 0;
  let isWide = false;
  while (requests < count) {
    if (!isWide && requests >= count / 4) {
      isWide = true;
      const added = widen(random, wide, count - requests);
      steps.push(...added);
      requests += added.length;
    } else if (random.oneIn(250)) {
      steps.push(cut(random, open));
    } else {
      steps.push(next(random, place, wide, open, steps.length));
      requests++;
    }
  }
  return steps;
}

/** Children until one reply cannot hold them, their names of any length. */
function widen(random: Random, wide: string, room: number): Step[] {
  return Array.from({ length: Math.min(WIDTH, room) }, (_, index) => ({
    kind: 'request',
    connection: index % CONNECTIONS,
    type: MessageType.WRITE,
    transaction: NO_TRANSACTION,
    payload: `${wide}/${index}${'x'.repeat(random.below(30))}\0`,
  }));
}

function cut(random: Random, open: Open): Step {
  const connection = random.below(CONNECTIONS);
  forget(open, connection);
  return { kind: 'cut', connection, how: random.pick(['too long', 'half a message']) };
}

/** A connection's watches and transactions are gone. */
function forget({ transactions, watches }: Open, connection: number): void {
  for (const list of [transactions, watches]) {
    for (let index = list.length - 1; index >= 0; index--) {
      if (list[index]?.connection === connection) list.splice(index, 1);
    }
  }
}

function next(random: Random, place: Place, wide: string, open: Open, step: number): RequestStep {
  const connection = random.below(CONNECTIONS);
  const context: Context = { place, wide, open, connection, step };
  const [type, make] = random.weighted(OPERATIONS);
  if (type === MessageType.TRANSACTION_END) return end(random, context);
  const transaction =
    random.oneIn(3) || type === MessageType.TRANSACTION_START
      ? anyTransaction(random, context, type)
      : NO_TRANSACTION;
  const payload = spoilt(random, type, make(random, context)).slice(0, MAX_PAYLOAD);
  if (type === MessageType.TRANSACTION_START) open.transactions.push({ connection, begunAt: step });
  if (type === MessageType.RESET_WATCHES) forget(open, connection);
  return { kind: 'request', connection, type, transaction, payload };
}

function anyTransaction(random: Random, { open, connection }: Context, type: number): TransactionChoice {
  if (type === MessageType.TRANSACTION_START && !random.oneIn(12)) return NO_TRANSACTION;
  if (random.oneIn(40)) return { id: random.pick([999, 0xffff_ffff]) };
  const own = open.transactions.filter((one) => one.connection === connection);
  const one = own[random.below(Math.max(1, own.length))];
  return one === undefined ? NO_TRANSACTION : { begunAt: one.begunAt };
}

function end(random: Random, { open, connection }: Context): RequestStep {
  const own = open.transactions.filter((one) => one.connection === connection);
  const one = own[random.below(Math.max(1, own.length))];
  const payload = random.weighted([
    [60, 'T\0'],
    [12, 'F\0'],
    [2, ''],
    [1, 'T'],
    [1, 'X\0'],
    [1, 'T\0T\0'],
    [1, 'TT\0'],
  ]);
  if (one !== undefined && (payload === 'T\0' || payload === 'F\0')) {
    open.transactions.splice(open.transactions.indexOf(one), 1);
  }
  const transaction = one === undefined ? NO_TRANSACTION : { begunAt: one.begunAt };
  return { kind: 'request', connection, type: MessageType.TRANSACTION_END, transaction, payload };
}

/** Operations on one path: without exactly one, xenstored 4.17 answers whatever errno it met last, and ends itself when that is 0. */
const ONE_PATH: ReadonlySet<number> = new Set([
  MessageType.READ,
  MessageType.DIRECTORY,
  MessageType.GET_PERMS,
  MessageType.MKDIR,
  MessageType.RM,
]);
/** What a server says of itself is its own. */
const ITS_OWN: ReadonlySet<number> = new Set([MessageType.CONTROL]);
/** Operations whose last string xenstored reads beyond the payload when nothing ends it. */
const MUST_END: ReadonlySet<number> = new Set([MessageType.SET_PERMS, MessageType.DIRECTORY_PART]);

/** Now and then a payload without its last NUL, with one too many, with more behind it, or with nothing in it. */
function spoilt(random: Random, type: number, payload: string): string {
  if (!random.oneIn(25) || ONE_PATH.has(type) || ITS_OWN.has(type)) return payload;
  const open = MUST_END.has(type) ? 0 : 2;
  return random.weighted([
    [open, payload.replace(/\0$/, '')],
    [open, `${payload}more`],
    [3, `${payload}\0`],
    [2, `${payload}more\0`],
    [2, ''],
    [1, '\0'],
    [1, '\0\0'],
  ]);
}
