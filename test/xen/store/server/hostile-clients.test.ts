/** Clients that mean harm or know no better: cut, too long, interleaved, flooding, never reading. Others notice nothing. */
import assert from 'node:assert/strict';
import { link, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { domainId } from '../../../../src/xen/domain.js';
import {
  connectSocket,
  encodeMessage,
  encodeStrings,
  MAX_PAYLOAD,
  memoryPair,
  MessageType,
  openSocket,
  StoreServer,
  XenStoreClient,
  XenStoreListenError,
} from '../../../../src/xen/store/index.js';
import { checkProperty } from '../../../kept-seeds.js';
import { until } from '../../../until.js';
import { permissions } from '../tree-text.js';
import { Asker } from './asker.js';

/** A server on a socket in a directory of its own. */
async function listening(): Promise<{ server: StoreServer; path: string; end: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'store-'));
  const path = join(directory, 'socket');
  const server = new StoreServer();
  await server.listen(path);
  const end = async (): Promise<void> => {
    await server.close();
    await rm(directory, { recursive: true });
  };
  return { server, path, end };
}

/** A socket without any client behind it. */
async function bare(path: string): Promise<Socket> {
  const socket = createConnection({ path });
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

function request(type: number, ...texts: readonly string[]): Uint8Array {
  return encodeMessage({
    type,
    requestId: 1,
    transactionId: 0,
    payload: encodeStrings(...texts) ?? new Uint8Array(0),
  });
}

describe('a message', () => {
  it('over 4096 bytes ends its connection, after what stood before it, and no other', async () => {
    const { server, path, end } = await listening();
    const [bad, good] = [new Asker(await openSocket([path])), new Asker(await openSocket([path]))];
    const tooLong = encodeMessage({ type: 2, requestId: 1, transactionId: 0, payload: new Uint8Array(0) });
    new DataView(tooLong.buffer).setUint32(12, MAX_PAYLOAD + 1, true);
    bad.tell('WRITE', '/before|1');
    bad.send(tooLong);
    bad.tell('WRITE', '/after|1');
    await until(() => bad.ended);
    assert.deepEqual([server.read('/before'), server.read('/after')], ['1', undefined]);
    assert.equal(await good.ask('WRITE', `/full|${'x'.repeat(MAX_PAYLOAD - 6)}`), 'WRITE OK|');
    assert.equal(server.connections, 1);
    await end();
  });

  it('that is cut takes its connection’s watches and transactions with it', async () => {
    const { server, path, end } = await listening();
    const socket = await bare(path);
    socket.write(request(MessageType.WATCH, '/a', 't'));
    socket.write(request(MessageType.TRANSACTION_START, ''));
    socket.write(request(MessageType.WRITE, '/a', 'x').subarray(0, 18));
    await until(() => server.connections === 1);
    socket.destroy();
    await until(() => server.connections === 0);
    server.write('/a', '1');
    const other = new Asker(server.connect());
    assert.match(await other.ask('CONTROL', 'quota|0|'), /watches +: +0\ntransactions +: +0\n/);
    await end();
  });

  it('may come byte by byte and in any pieces; connections do not mix', async () => {
    const server = new StoreServer();
    const path = fc.constantFrom('/a', '/a/b', '/c');
    const step = fc.record({
      who: fc.nat({ max: 2 }),
      path,
      value: fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    });
    await checkProperty(
      'store-server: interleaved pieces',
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        async (steps, chunk) => {
          const clients = [chunk, 1, Infinity].map(
            (size) => new XenStoreClient(server.connect({ chunk: size })),
          );
          const last = new Map<string, string>();
          await Promise.all(
            steps.map(({ who, path: at, value }) => {
              last.set(`/${who}${at}`, value);
              return clients[who]?.write(`/${who}${at}`, value) ?? Promise.reject(new RangeError());
            }),
          );
          for (const [at, value] of last) assert.equal(server.read(at), value);
          for (const client of clients) await client.close();
        },
      ),
      { numRuns: 40 },
    );
    await until(() => server.connections === 0);
  });

  it('of garbage never harms another', async () => {
    const server = new StoreServer();
    const good = new XenStoreClient(server.connect());
    const type = fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 0xffff_ffff }));
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .array(fc.constantFrom('/', '/a', '/tool', 'T', 'n0', '@releaseDomain', '1', '', '//', '/a/b/c'), {
          maxLength: 5,
        })
        .map((texts) => encodeStrings(...texts) ?? new Uint8Array(0)),
    );
    const one = fc.record(
      { type, requestId: fc.nat(), transactionId: fc.nat({ max: 3 }), payload },
      { noNullPrototype: true },
    );
    const piece = fc.oneof(
      { weight: 9, arbitrary: one.map(encodeMessage) },
      { weight: 1, arbitrary: fc.uint8Array() },
    );
    await checkProperty(
      'store-server: garbage',
      fc.asyncProperty(fc.array(piece, { maxLength: 25 }), fc.nat({ max: 2 }), async (pieces, domain) => {
        const [near, far] = memoryPair();
        server.serve(far, domainId(domain));
        const bad = new Asker(near);
        for (const bytes of pieces) bad.send(bytes);
        await good.write('/good', 'x');
        assert.equal(await good.read('/good'), 'x');
        bad.close();
        await turn();
      }),
      { numRuns: 200 },
    );
    await good.close();
  });
});

describe('a client that does not read', () => {
  it('is read no further, as dom0’s too, and goes on when it reads again', async () => {
    const { server, path, end } = await listening();
    server.write('/big', 'x'.repeat(4000));
    const socket = await bare(path);
    const asked = 3000;
    const read = request(MessageType.READ, '/big');
    for (let count = 0; count < asked; count++) socket.write(read);
    socket.write(request(MessageType.WRITE, '/end', ''));
    const good = new Asker(server.connect());
    for (let round = 0; round < 50; round++) assert.equal(await good.ask('READ', '/tool|'), 'READ ');
    await sleep(50);
    assert.equal(server.read('/end'), undefined);
    assert.match(await good.ask('CONTROL', 'quota|0|'), /outstanding +: +[1-9]/);
    let received = 0;
    socket.on('data', (bytes: Buffer) => (received += bytes.length));
    await until(() => server.read('/end') !== undefined);
    await until(() => received === asked * 4016 + 16 + 3);
    socket.destroy();
    await end();
  });

  it('is cut off when too many events wait for it; equal ones wait once', async () => {
    const { server, path, end } = await listening();
    const sockets = [await bare(path), await bare(path)];
    for (const socket of sockets) {
      socket.pause();
      socket.write(request(MessageType.WATCH, '/a', 't'.repeat(100)));
    }
    await until(() => server.connections === 2);
    for (let round = 0; round < 20; round++) {
      for (let count = 0; count < 2000; count++) server.write('/a', String(count));
      await turn();
    }
    assert.equal(server.connections, 2, 'the same event all the time');
    for (let count = 0; server.connections > 0 && count < 100_000; count++) {
      server.write(`/a/${count % 100}/${count}`, '');
      server.remove(`/a/${count % 100}`);
      if (count % 500 === 0) await turn();
    }
    assert.equal(server.connections, 0);
    for (const socket of sockets) socket.destroy();
    await end();
  });

  it('without privilege is read no further after 20 replies', async () => {
    const [near, far] = memoryPair();
    let handled = 0;
    const server = new StoreServer({ onRequest: () => handled++ });
    server.write('/local/domain/1', '');
    server.setPermissions('/local/domain/1', permissions('n1'));
    server.serve(far, domainId(1));
    near.start({ data: () => undefined, end: () => undefined });
    near.pause();
    const many = Buffer.concat(
      Array.from({ length: 200 }, () => request(MessageType.READ, '/local/domain/1')),
    );
    near.send(many);
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(handled, 20);
    near.resume();
    for (let turns = 0; turns < 200 && handled < 200; turns++) await turn();
    assert.equal(handled, 200);
    await server.close();
  });
});

describe('the socket', () => {
  it('is its owner’s only, is not taken from a server that lives, and goes with the server', async () => {
    const { server, path, end } = await listening();
    const { mode } = await stat(path);
    assert.equal(mode & 0o777, 0o600);
    await using other = new StoreServer();
    await assert.rejects(other.listen(path), (error: unknown) => {
      assert.ok(error instanceof XenStoreListenError);
      assert.deepEqual([error.code, error.evidence['errno']], ['XENSTORE_LISTEN', 'EADDRINUSE']);
      return true;
    });
    await server.close();
    await assert.rejects(stat(path));
    await end();
  });

  it('is cleared away when a dead server left it; a file that is none is left alone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    const dead = join(directory, 'dead');
    // Closing unlinks the name; a server that was killed could not.
    const killed = new StoreServer();
    await killed.listen(dead);
    await link(dead, join(directory, 'left'));
    await killed.close();
    await using server = new StoreServer();
    await server.listen(join(directory, 'left'));
    const client = await connectSocket({ paths: [join(directory, 'left')] });
    assert.deepEqual(await client.list('/'), ['tool']);
    await client.close();
    await writeFile(join(directory, 'file'), 'mine');
    await assert.rejects(server.listen(join(directory, 'file')), XenStoreListenError);
    assert.equal(await readFile(join(directory, 'file'), 'latin1'), 'mine');
    await assert.rejects(server.listen(join(directory, 'no', 'such')), XenStoreListenError);
    await rm(directory, { recursive: true });
  });
});
