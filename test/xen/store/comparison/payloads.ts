/** Payloads for a comparison: of each type of message, well made and badly, and how often each type is asked. */
import { MAX_PAYLOAD, MessageType } from '../../../../src/xen/store/index.js';
import { badName, goodName, longName, nodeName, type Place } from './names.js';
import type { Random } from './random.js';

/** What the requests so far have left open, as far as the generator can know. */
export interface Open {
  readonly transactions: { readonly connection: number; readonly begunAt: number }[];
  readonly watches: { readonly connection: number; readonly path: string; readonly token: string }[];
}

export type Make = (random: Random, context: Context) => string;

export interface Context {
  readonly place: Place;
  readonly wide: string;
  readonly open: Open;
  readonly connection: number;
  readonly step: number;
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

/** Types, each with how often it is asked and what makes its payload. */
export const OPERATIONS: readonly [Weighted, ...Weighted[]] = [
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
