/** Requests for a comparison: all kinds, on few nodes so that they meet, with everything that can be wrong about them. */
import { MAX_PAYLOAD, MessageType } from '../../../../src/xen/store/index.js';
import { badName, goodName, longName, nodeName, type Place } from './names.js';
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

/** What the requests so far have left open, as far as the generator can know. */
interface Open {
  readonly transactions: { readonly connection: number; readonly begunAt: number }[];
  readonly watches: { readonly connection: number; readonly path: string; readonly token: string }[];
}

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

type Make = (random: Random, context: Context) => string;

interface Context {
  readonly place: Place;
  readonly wide: string;
  readonly open: Open;
  readonly connection: number;
  readonly step: number;
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

const path: Make = (random, { place }) =>
  random.weighted<(random: Random, place: Place) => string>([
    [78, nodeName],
    [8, goodName],
    [3, longName],
    [9, badName],
  ])(random, place);

const onePath: Make = (random, context) => `${path(random, context)}\0`;

const seen: Make = (random, context) =>
  `${random.oneIn(12) ? random.pick(['/', '/tool', '/local/domain/0', context.wide]) : path(random, context)}\0`;

const value: Make = (random) =>
  random.weighted([
    [6, ''],
    [40, String(random.below(1000))],
    [10, random.bytes(random.below(40))],
    [4, 'v'.repeat(random.below(2500))],
    [3, 'w'.repeat(MAX_PAYLOAD)],
  ]);

const part: Make = (random, { wide, ...context }) => {
  const where = random.oneIn(3) ? path(random, { wide, ...context }) : wide;
  const offset = random.weighted([
    [4, '0'],
    [12, String(random.below(9000))],
    [1, '-1'],
    [1, ' 12x'],
    [1, 'x'],
    [1, ''],
    [1, '99999999999999999999'],
  ]);
  return `${where}\0${offset}\0`;
};

/** xenstored 4.17 answers whatever errno it met last for a special name that it does not know. */
const ownable: Make = (random, context) => {
  if (random.oneIn(15)) return random.pick(['@introduceDomain', '@releaseDomain']);
  const any = path(random, context);
  return any.startsWith('@') ? context.place.top : any;
};

/** An owner that is not there is refused; one that may not be there later is none of a comparison's. */
const permissionList: Make = (random, { place: { domains } }) => {
  const owner = random.weighted([
    [50, `${random.pick(['n', 'n', 'n', 'r', 'w', 'b'])}${random.pick(domains)}`],
    [2, 'n20001'],
    [1, 'n0x0'],
    [1, 'n-1'],
    [1, 'x0'],
    [1, '0'],
    [1, ''],
    [1, 'n'],
    [1, 'n0 '],
  ]);
  const others = Array.from({ length: random.below(random.oneIn(8) ? 12 : 4) }, () =>
    random.weighted([
      [10, `${random.pick(['n', 'r', 'w', 'b'])}${random.pick([...domains, 20_000 + random.below(20)])}`],
      [2, 'r0x4e20'],
      [1, 'b0777'],
      [1, 'w-7'],
      [1, 'r+20003'],
      [1, 'r 20003'],
      [1, 'n4294967296'],
      [1, 'r99999999999999999999'],
      [1, 'q1'],
      [1, 'r09'],
      [1, 'r0x'],
    ]),
  );
  return `${[owner, ...others].join('\0')}\0`;
};

const watch: Make = (random, { place, open, connection, ...context }) => {
  const where = random.weighted([
    [40, path(random, { place, open, connection, ...context })],
    [6, place.top],
    [3, '/'],
    [3, random.pick(['@introduceDomain', '@releaseDomain', '@other', '@'])],
  ]);
  const token = random.weighted([
    [10, `t${random.below(6)}`],
    [1, ''],
    [1, random.bytes(12).replaceAll('\0', 'n')],
    [1, 'k'.repeat(random.below(3000))],
  ]);
  open.watches.push({ connection, path: where, token });
  return `${where}\0${token}\0${random.oneIn(20) ? '1\0' : ''}`;
};

const unwatch: Make = (random, context) => {
  const own = context.open.watches.filter((one) => one.connection === context.connection);
  const index = random.below(Math.max(1, own.length));
  const one = own[index];
  if (one === undefined || random.oneIn(6)) return `${path(random, context)}\0t${random.below(6)}\0`;
  context.open.watches.splice(context.open.watches.indexOf(one), 1);
  return `${one.path}\0${one.token}\0`;
};

const number: Make = (random) =>
  `${random.pick(['0', '1', '20001', '32752', '-1', 'x', '', ' 7', '12abc', '99999999999', '0x10'])}\0`;

/** None of these reaches a domain that is there, except dom0, which they may not change. */
const absentDomain: Make = (random) => `${random.pick(['20001', '20002', 'x', '0', ''])}\0`;

const introduction: Make = (random) => random.pick(['20001\x001\x000\0', '20001\x001\0', '\0']);

const control: Make = (random) =>
  random.pick([
    'check\0',
    'check\0x\0',
    'quota\0',
    'quota\x0020001\0',
    'quota\0set\0',
    'quota\0set\0nothing\x001\0',
    'quota\0set\0nodes\0x\0',
    'help\0x\0',
    'nothing\0',
    '',
    'check',
  ]);

const OPERATIONS: readonly [Weighted, ...Weighted[]] = [
  [14, [MessageType.READ, seen]],
  [22, [MessageType.WRITE, (random, context) => `${path(random, context)}\0${value(random, context)}`]],
  [7, [MessageType.MKDIR, onePath]],
  [9, [MessageType.RM, onePath]],
  [8, [MessageType.DIRECTORY, seen]],
  [6, [MessageType.DIRECTORY_PART, part]],
  [6, [MessageType.GET_PERMS, seen]],
  [
    7,
    [
      MessageType.SET_PERMS,
      (random, context) => `${ownable(random, context)}\0${permissionList(random, context)}`,
    ],
  ],
  [7, [MessageType.WATCH, watch]],
  [4, [MessageType.UNWATCH, unwatch]],
  [6, [MessageType.TRANSACTION_START, (random) => random.pick(['\0', '\0', '', 'x\0'])]],
  [7, [MessageType.TRANSACTION_END, () => '']],
  [1, [MessageType.RESET_WATCHES, () => '\0']],
  [1, [MessageType.GET_DOMAIN_PATH, number]],
  [1, [MessageType.IS_DOMAIN_INTRODUCED, number]],
  [1, [MessageType.RESUME, absentDomain]],
  [1, [MessageType.RELEASE, absentDomain]],
  [1, [MessageType.SET_TARGET, (random) => `${random.pick(['20001', '20002', 'x'])}\x0020003\0`]],
  [1, [MessageType.INTRODUCE, introduction]],
  [1, [MessageType.CONTROL, control]],
  [1, [MessageType.GET_FEATURE, number]],
  [1, [MessageType.SET_QUOTA, number]],
  [1, [MessageType.WATCH_EVENT, onePath]],
  [1, [20, onePath]],
  [1, [99, onePath]],
  [1, [0xffff_ffff, () => '']],
];

type Weighted = readonly [number, readonly [number, Make]];
