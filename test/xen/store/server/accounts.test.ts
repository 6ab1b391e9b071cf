/** What a domain is charged for is what it has, whatever it and others did, and however its connections ended. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { domainId } from '../../../../src/xen/domain.js';
import {
  encodeMessage,
  HEADER_SIZE,
  MessageType,
  StoreServer,
  type MessageName,
} from '../../../../src/xen/store/index.js';
import { checkProperty } from '../../../kept-seeds.js';
import { permissions } from '../tree-text.js';
import { Asker } from './asker.js';

const GUESTS = [1, 2] as const;
const home = (domain: number) => `/local/domain/${domain}`;

/** Small, so that they are met. */
const QUOTAS = { nodes: 12, watches: 6, transactions: 2, memory: 3000, transactionNodes: 9, entrySize: 300 };

/** The nodes that a domain owns and the bytes that it is charged for them, by looking at each. */
function owned(server: StoreServer, domain: number): { nodes: number; memory: number } {
  const all = [...server.nodes()];
  const total = { nodes: 0, memory: 0 };
  for (const { path, value, permissions: list } of all) {
    if (list[0]?.domain !== domainId(domain)) continue;
    const below = path === '/' ? path : `${path}/`;
    const children = all
      .filter((other) => other.path !== '/' && other.path.startsWith(below))
      .map((other) => other.path.slice(below.length))
      .filter((name) => !name.includes('/'))
      .map((name) => name.length + 1);
    total.nodes++;
    // The record of a node in xenstored: 24 bytes, 8 for each permission, the value, the names of its children.
    total.memory +=
      24 + 8 * list.length + value.length + children.reduce((sum, bytes) => sum + bytes, 0) + path.length;
  }
  return total;
}

const account = (text: string, what: string) => Number(new RegExp(`${what} *: *(-?\\d+)`).exec(text)?.[1]);

const path = fc.constantFrom(
  'a',
  'a/b',
  'a/b/c',
  'd',
  `${home(1)}/a`,
  `${home(2)}/a`,
  `${home(2)}/x/y`,
  '/other',
  '/',
);
const list = fc.constantFrom('n1|', 'n2|', 'n1|r2|', 'b0|n1|', 'b1|w2|', 'n0|b1|b2|');
const step = fc.record({
  who: fc.nat(3),
  inside: fc.boolean(),
  what: fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(path, fc.nat(250))
        .map(([at, size]) => ['WRITE', `${at}|${'v'.repeat(size)}`] as const),
    },
    { weight: 2, arbitrary: path.map((at) => ['MKDIR', `${at}|`] as const) },
    { weight: 2, arbitrary: path.map((at) => ['RM', `${at}|`] as const) },
    {
      weight: 2,
      arbitrary: fc.tuple(path, list).map(([at, text]) => ['SET_PERMS', `${at}|${text}`] as const),
    },
    { weight: 1, arbitrary: path.map((at) => ['READ', `${at}|`] as const) },
    {
      weight: 1,
      arbitrary: fc.tuple(path, fc.nat(3)).map(([at, token]) => ['WATCH', `${at}|${token}|`] as const),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(path, fc.nat(3)).map(([at, token]) => ['UNWATCH', `${at}|${token}|`] as const),
    },
    { weight: 2, arbitrary: fc.constant(['TRANSACTION_START', '|'] as const) },
    { weight: 2, arbitrary: fc.constantFrom('T|', 'F|').map((end) => ['TRANSACTION_END', end] as const) },
    { weight: 1, arbitrary: fc.constant(['RESET_WATCHES', '|'] as const) },
    { weight: 1, arbitrary: fc.constant(['hang up', ''] as const) },
    { weight: 1, arbitrary: fc.constant(['domain ends', ''] as const) },
  ),
});

describe('the account of a domain', () => {
  it('is what it has', async () => {
    await checkProperty(
      'store-server: accounts',
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        await using server = new StoreServer({ quotas: QUOTAS });
        const dom0 = new Asker(server.connect());
        const begin = (domain: number) => {
          if (domain > 0) {
            server.write(home(domain), '');
            server.setPermissions(home(domain), permissions(`n${domain}`));
          }
          return { domain, asker: new Asker(server.connect({ domain: domainId(domain) })), transaction: 0 };
        };
        // Two of domain 1, one of domain 2, one of dom0.
        const clients = [1, 1, 2, 0].map(begin);
        for (const { who, inside, what } of steps) {
          const client = clients[who];
          if (client === undefined) continue;
          const [type, payload]: readonly [MessageName | 'hang up' | 'domain ends', string] = what;
          if (type === 'hang up' || type === 'domain ends') {
            client.asker.close();
            if (type === 'domain ends' && client.domain > 0) {
              server.release(domainId(client.domain));
              for (const [index, { domain }] of clients.entries())
                if (domain === client.domain) clients[index] = begin(domain);
            } else clients[who] = begin(client.domain);
            await turn();
            continue;
          }
          const id = type === 'TRANSACTION_END' || inside ? client.transaction : 0;
          const reply = await client.asker.ask(type, payload, id);
          if (type === 'TRANSACTION_START' && reply.startsWith(type))
            client.transaction = Number(/\d+/.exec(reply)?.[0]);
          if (type === 'TRANSACTION_END' && reply !== 'ERROR EINVAL|') client.transaction = 0;
        }
        for (const { domain, asker } of clients) if (domain > 0) asker.close();
        await turn();
        await turn();
        for (const domain of GUESTS) {
          const text = await dom0.ask('CONTROL', `quota|${domain}|`);
          const { nodes, memory } = owned(server, domain);
          assert.deepEqual(
            {
              nodes: account(text, 'nodes'),
              memory: account(text, 'memory'),
              watches: account(text, 'watches'),
              transactions: account(text, 'transactions'),
            },
            { nodes, memory, watches: 0, transactions: 0 },
          );
        }
        assert.equal(await dom0.ask('CONTROL', 'check|'), 'CONTROL OK|');
      }),
      { numRuns: 300 },
    );
  });

  it('is empty again when its client was killed in the middle of everything', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    await using server = new StoreServer();
    await server.listen(join(directory, 'socket'));
    const client = spawn(
      process.execPath,
      [
        '-e',
        `const socket = require('node:net').connect(process.argv[1]);
         const ask = (type, id, text) => {
           const bytes = Buffer.alloc(16 + text.length);
           [type, 1, id, text.length].forEach((word, index) => bytes.writeUInt32LE(word, 4 * index));
           bytes.write(text, 16);
           socket.write(bytes);
         };
         for (let count = 0; count < 50; count++) {
           ask(4, 0, '/a\\0' + count + '\\0');
           ask(6, 0, '\\0');
           ask(11, count + 1, '/b' + count + '\\0value');
         }
         ask(11, 0, '/ready\\0');
         socket.write('half of a mess');
         setInterval(() => ask(11, 0, '/a\\0x'), 1);`,
        join(directory, 'socket'),
      ],
      { stdio: 'ignore' },
    );
    while (server.read('/ready') === undefined) await sleep(5);
    const ended = once(client, 'exit');
    client.kill('SIGKILL');
    await ended;
    while (server.connections > 0) await sleep(5);
    const dom0 = new Asker(server.connect());
    const text = await dom0.ask('CONTROL', 'quota|0|');
    assert.deepEqual([account(text, 'watches'), account(text, 'transactions')], [0, 0]);
    assert.equal(server.read('/b0'), undefined);
    await rm(directory, { recursive: true });
  });
});

describe('a message', () => {
  const whole = encodeMessage({
    type: MessageType.WRITE,
    requestId: 7,
    transactionId: 0,
    payload: Buffer.from('/cut\0value'),
  });

  it('that ends at any of its bytes is none', async () => {
    for (let length = 0; length < whole.length; length++) {
      await using server = new StoreServer();
      const cut = new Asker(server.connect());
      cut.send(whole.slice(0, length));
      await turn();
      cut.close();
      while (server.connections > 0) await turn();
      assert.equal(server.read('/cut'), undefined);
      assert.deepEqual(cut.heard, []);
    }
  });

  it('of any size beyond the largest ends its connection at its header, before a byte of it is kept', async () => {
    for (const size of [4097, 4098, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]) {
      await using server = new StoreServer();
      const [bad, good] = [new Asker(server.connect()), new Asker(server.connect())];
      const header = whole.slice(0, HEADER_SIZE);
      new DataView(header.buffer).setUint32(12, size, true);
      bad.send(header);
      while (!bad.ended) await turn();
      assert.equal(await good.ask('WRITE', '/cut|whole'), 'WRITE OK|');
      assert.equal(server.connections, 1);
    }
  });
});
