/** The control socket of a whole embedded host, with anything in its lines: each is answered, every refusal has its code. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ownEmbedded } from '../../src/cli/own-embedded.js';
import { machineFiles, OwnerSocket } from '../../src/owner/index.js';
import { ByteLines } from '../../src/lines/index.js';
import { TestHost } from '../embedded/embedded.js';
import { checkProperty } from '../kept-seeds.js';
import { until } from '../until.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-hostile-'));
const ENDS = fileURLToPath(new URL('../guests/ends.js', import.meta.url));
const before = process.env['OPENSLOT_RUNTIME_DIR'];
beforeEach(() => {
  process.env['OPENSLOT_RUNTIME_DIR'] = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env['OPENSLOT_RUNTIME_DIR'];
  else process.env['OPENSLOT_RUNTIME_DIR'] = before;
});
after(() => {
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A client without manners: sends what it is told, and hears one answer after the other. */
class Client {
  readonly socket: Socket;
  readonly #lines = new ByteLines(Infinity);
  readonly #heard: Answer[] = [];
  #wake: () => void = () => undefined;

  constructor() {
    this.socket = connect(machineFiles('sim').socket);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (bytes: Buffer) => {
      for (const line of this.#lines.push(bytes)) this.#heard.push(JSON.parse(line) as Answer);
      this.#wake();
    });
    this.socket.on('close', () => {
      this.#wake();
    });
  }

  ask(line: string): Promise<Answer> {
    this.socket.write(`${line}\n`);
    return this.hear();
  }

  async hear(): Promise<Answer> {
    while (this.#heard.length === 0) {
      assert.ok(!this.socket.closed, 'cut off');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#heard.shift() ?? { id: undefined };
  }
}

const long = 'x'.repeat(5000);
const odd = fc.constantFrom<unknown>(
  null,
  1,
  -1,
  1e300,
  true,
  {},
  [],
  '',
  '\0',
  long,
  '__proto__',
  '\u2028',
  [long],
);
const mostly = (...values: readonly unknown[]) =>
  fc.oneof({ weight: 25, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: odd });

const ADDRESS = [
  '01:00.0',
  '0000:02:00.0',
  '00:03.0',
  '00:03.1',
  '00:01.0',
  '00:1f.0',
  'ff:1f.7',
  'ffff:00:00.0',
  '*',
];
const SPEC = mostly(
  ...ADDRESS,
  '01:00.0,seize=1',
  '00:03.*,seize=1',
  '00:03.*',
  '02:00.0@1f,seize=1',
  '02:00.0@20',
  '01:00.0,permissive=1,msitranslate=1,power_mgmt=1,rdm_policy=relaxed',
  '01:00.0,seize',
  'name=x',
  '01:00.0@',
  ',,,',
);
const PARAMETERS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  address: mostly(...ADDRESS),
  guest: mostly('a', 'b', '1', '2', '3', '0', '-1', '32752', '32767', '99999999999999999999', 'constructor'),
  specs: fc.oneof(
    { weight: 9, arbitrary: fc.array(SPEC, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: mostly([], '01:00.0', Array(257).fill('01:00.0')) },
  ),
  force: mostly(true, false),
  file: mostly(
    ENDS,
    ENDS,
    ENDS,
    '/nowhere.js',
    '/',
    '/dev/null',
    '/etc/passwd/x',
    `/${long}`,
    '/proc/self/mem',
    '.',
  ),
  arguments: mostly([], ['sleeps'], ['returns'], ['throws'], [1], [null]),
  name: mostly('a', 'b', 'c', 'constructor', 'hasOwnProperty', 'ü', 'a b', 'x'.repeat(64)),
  memory: mostly(65_536, 65_537, 1, 0, -1, 1.5, 2 ** 31, 2 ** 53, Number.MAX_VALUE, '65536'),
  paused: mostly(true, false),
  __proto__: odd,
  toString: odd,
};

/** The parameters that each request has; others are put in now and then. */
const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  pool: [],
  functions: [],
  inspect: ['address'],
  claim: ['address'],
  release: ['address'],
  attach: ['guest', 'specs'],
  detach: ['guest', 'specs', 'force'],
  guest_run: ['file', 'arguments', 'name', 'memory', 'paused'],
  guest_list: [],
  guest_unpause: ['guest'],
  guest_shutdown: ['guest'],
  guest_destroy: ['guest'],
};

const request = fc.constantFrom(...Object.keys(REQUESTS)).chain((name) => {
  const own = REQUESTS[name] ?? [];
  const entries = own.map((key) => fc.tuple(fc.constant(key), PARAMETERS[key] ?? odd));
  const foreign = fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...Object.keys(PARAMETERS), '__proto__').map((key) => [[key, 1]]),
    },
  );
  // Written by hand: `__proto__` is a key like any other in JSON.
  return fc.tuple(fc.tuple(...entries), foreign, fc.nat(9)).map(([all, others, left]) => {
    const kept = left > 0 ? all : all.slice(1);
    const fields = [...kept, ...others].map(
      ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
    );
    return `{"id":7,"request":"${name}","parameters":{${fields.join(',')}}}`;
  });
});

/** Codes that so many requests meet for certain. */
const EXPECTED = [
  'done',
  'REQUEST_MALFORMED',
  'ADDRESS_MALFORMED',
  'SPEC_MALFORMED',
  'FUNCTION_NOT_FOUND',
  'FUNCTION_NOT_CLAIMED',
  'GUEST_UNKNOWN',
];

describe('the control socket of an embedded host', () => {
  test('answers whatever is asked, and every refusal has a code of its own', async () => {
    await using owner = await OwnerSocket.bind('sim', machineFiles('sim').socket);
    await using host = await TestHost.start(undefined, { patience: 100 });
    using _answers = await ownEmbedded(host.host, owner);
    const client = new Client();
    const codes = new Map<string, number>();
    await checkProperty(
      'owner: any request',
      fc.asyncProperty(fc.array(request, { minLength: 20, maxLength: 40 }), async (lines) => {
        await host.run('ends', [], { name: 'a', paused: true });
        await host.run('ends', [], { name: 'b', arguments: ['sleeps'] });
        for (const line of lines) {
          const { id, result, error } = await client.ask(line);
          assert.ok(id === 7 && (result === undefined) !== (error === undefined), line);
          const code = error?.code ?? 'done';
          assert.notEqual(code, 'INTERNAL', `${line}: ${error?.message ?? ''}`);
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
        for (const { domain } of host.host.guests.list())
          await host.host.guests.destroy(domain).catch(() => undefined);
      }),
      { numRuns: 40, endOnFailure: true },
    );
    client.socket.destroy();
    assert.deepEqual(
      host.events.filter(({ of }) => of === 'hypervisor' || of === 'tool stack'),
      [],
    );
    for (const code of EXPECTED)
      assert.ok(codes.has(code), `${code} was never answered: ${[...codes.keys()].join()}`);
  });

  test('stays what it is through ten thousand connections, one after the other', async () => {
    await using owner = await OwnerSocket.bind('sim', machineFiles('sim').socket);
    owner.serve({ pool: () => [] });
    for (let number = 0; number < 10_000; number++) {
      const socket = connect(machineFiles('sim').socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      if (number % 3 === 1) socket.write('{"id":1,"request":');
      if (number % 3 === 2) socket.write('{"id":1,"request":"pool"}\n');
      if (number % 2 === 0) socket.destroy();
      else {
        socket.resume();
        socket.end();
        await once(socket, 'close');
      }
    }
    const last = new Client();
    assert.deepEqual(await last.ask('{"id":1,"request":"pool"}'), { id: 1, result: [] });
    last.socket.destroy();
  });

  test('reads no further while it answers: what a client asks at once waits with the client', async () => {
    await using owner = await OwnerSocket.bind('sim', machineFiles('sim').socket);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let asked = 0;
    owner.serve({
      pool: async () => {
        asked++;
        await held;
        return [];
      },
    });
    const client = new Client();
    const flood = Buffer.from('{"id":1,"request":"pool"}\n'.repeat(100_000));
    client.socket.write(flood);
    await until(() => asked > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(asked, 1);
    assert.ok(client.socket.writableLength > flood.length / 2, 'most of it has not been taken');
    // Others are not kept waiting.
    const other = new Client();
    assert.equal((await other.ask('{"id":2,"request":"guest_list"}')).error?.code, 'REQUEST_UNSUPPORTED');
    release();
    await new Promise<void>((resolve) => {
      let bytes = 0;
      client.socket.on('data', (data: Buffer) => {
        if ((bytes += data.length) === '{"id":1,"result":[]}\n'.length * 100_000) resolve();
      });
    });
    assert.equal(asked, 100_000);
    for (const { socket } of [client, other]) socket.destroy();
  });

  test('answers a client that says nothing more, and one that writes line ends of text', async () => {
    await using owner = await OwnerSocket.bind('sim', machineFiles('sim').socket);
    owner.serve({ pool: () => [{ address: '\u2028', state: 'free' }] });
    const client = new Client();
    client.socket.end('{"id":1,"request":"pool"}\n');
    assert.deepEqual((await client.hear()).result, [{ address: '\u2028', state: 'free' }]);
    const text = new Client();
    const { error } = await text.ask('{"id":1,"request":"\u2028\u2029"}');
    assert.equal(error?.code, 'REQUEST_MALFORMED');
    assert.deepEqual((await text.ask('{"id":3,"request":"pool"}')).id, 3, 'it was one line');
    text.socket.destroy();
  });

  test('begins nothing any more when it is about to end', async () => {
    await using owner = await OwnerSocket.bind('sim', machineFiles('sim').socket);
    const answers = owner.serve({ pool: () => [] });
    const client = new Client();
    assert.deepEqual((await client.ask('{"id":1,"request":"pool"}')).result, []);
    answers[Symbol.dispose]();
    assert.equal((await client.ask('{"id":2,"request":"pool"}')).error?.code, 'OWNER_STOPPING');
    client.socket.destroy();
  });
});
