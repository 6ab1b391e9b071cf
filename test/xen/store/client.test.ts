/** The client against the server: the tree, listings of any size, domains, values, pipelining, closing. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { domainId } from '../../../src/xen/domain.js';
import {
  connectSocket,
  MAX_PAYLOAD,
  MessageType,
  messageName,
  socketPaths,
  SocketTransport,
  StoreServer,
  XenStoreClient,
  XenStoreClosedError,
  XenStoreContendedError,
  XenStoreRefusedError,
  XenStoreUnreachableError,
} from '../../../src/xen/store/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { permissions, treeText } from './tree-text.js';

/** A store, a client of it in memory, and the names of the requests that came. */
function pair(): { store: StoreServer; client: XenStoreClient; requests: string[] } {
  const requests: string[] = [];
  const store = new StoreServer({ onRequest: ({ type }) => requests.push(messageName(type)) });
  return { store, client: new XenStoreClient(store.connect()), requests };
}

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof XenStoreRefusedError && error.code === code;
}

describe('the tree', () => {
  it('reads, writes, lists and removes', async () => {
    const { store, client } = pair();
    await client.write('/a/b', 'one');
    await client.mkdir('/a/c');
    await client.mkdir('/a/b');
    assert.equal(await client.read('/a/b'), 'one');
    assert.equal(await client.read('/a'), '');
    assert.equal(await client.read('/x'), undefined);
    assert.deepEqual(await client.list('/a'), ['b', 'c']);
    assert.deepEqual(await client.list('/a/c'), []);
    assert.equal(await client.list('/x'), undefined);
    assert.equal(await client.remove('/a/b'), true);
    assert.equal(await client.remove('/a/b'), false);
    assert.equal(await client.remove('/no/such/parent'), false);
    assert.equal(treeText(store), '/a = "" (n0)\n/a/c = "" (n0)');
    await client.close();
  });

  it('reads and sets permissions, which new nodes inherit', async () => {
    const { store, client } = pair();
    await client.mkdir('/a');
    const list = [
      { access: 'none', domain: domainId(0) },
      { access: 'read', domain: domainId(1) },
    ] as const;
    await client.setPermissions('/a', list);
    assert.deepEqual(await client.permissions('/a'), list);
    assert.equal(await client.permissions('/x'), undefined);
    await assert.rejects(client.setPermissions('/x', list), refused('XENSTORE_ENOENT'));
    await assert.rejects(client.setPermissions('/a', []), refused('XENSTORE_EINVAL'));
    await client.write('/a/b', 'x\ty"\\\u00e9');
    assert.equal(treeText(store), '/a = "" (n0,r1)\n/a/b = "x\\ty"\\\\\\xe9" (n0,r1)');
    await client.close();
  });

  it('resolves relative paths below the caller’s home', async () => {
    const { store } = pair();
    store.write('/local/domain/7', '');
    store.setPermissions('/local/domain/7', permissions('n7'));
    const guest = new XenStoreClient(store.connect({ domain: domainId(7) }));
    await guest.write('device/pci', 'x');
    assert.equal(await guest.read('/local/domain/7/device/pci'), 'x');
    assert.match(treeText(store), /^\/local\/domain\/7\/device\/pci = "x" \(n7\)$/m);
    await guest.close();
  });

  it('carries every byte of a value', async () => {
    const { client } = pair();
    const value = fc
      .array(fc.nat({ max: 255 }), { maxLength: 300 })
      .map((codes) => String.fromCharCode(...codes));
    await checkProperty(
      'store-client: a value keeps every byte',
      fc.asyncProperty(value, async (text) => {
        await client.write('/v', text);
        assert.equal(await client.read('/v'), text);
      }),
      { numRuns: 50 },
    );
    await client.close();
  });

  it('refuses on its own what the store could not take', async () => {
    const { client, requests } = pair();
    await assert.rejects(client.write('/v', '€'), refused('XENSTORE_EINVAL'));
    await assert.rejects(client.read('/a//b'), refused('XENSTORE_EINVAL'));
    await assert.rejects(client.read('/a\0b'), refused('XENSTORE_EINVAL'));
    await assert.rejects(client.read('@releaseDomain'), refused('XENSTORE_EINVAL'));
    await assert.rejects(
      client.watch('/a/', () => undefined),
      refused('XENSTORE_EINVAL'),
    );
    await assert.rejects(client.write('/v', 'x'.repeat(MAX_PAYLOAD - 2)), refused('XENSTORE_E2BIG'));
    assert.deepEqual(requests, []);
    await client.write('/v', 'x'.repeat(MAX_PAYLOAD - 3));
    await client.close();
  });

  it('respects a transport that takes less', async () => {
    const client = new XenStoreClient(new StoreServer().connect({ maxPayload: 4080 }));
    await client.write('/v', 'x'.repeat(4077));
    await assert.rejects(client.write('/v', 'x'.repeat(4078)), refused('XENSTORE_E2BIG'));
    await client.close();
  });

  it('knows domains', async () => {
    const { store, client } = pair();
    store.introduce(domainId(4));
    assert.equal(await client.domainPath(domainId(4)), '/local/domain/4');
    assert.equal(await client.isIntroduced(domainId(4)), true);
    assert.equal(await client.isIntroduced(domainId(5)), false);
    await client.close();
  });
});

describe('a listing that does not fit one message', () => {
  const many = Array.from({ length: 1500 }, (_, index) => `child-${index}`);

  it('comes in parts', async () => {
    const { store, client, requests } = pair();
    for (const name of many) store.write(`/many/${name}`, '');
    assert.deepEqual(await client.list('/many'), many);
    const parts = requests.filter((name) => name === 'DIRECTORY_PART').length;
    assert.ok(parts >= 4, `${parts} parts`);
    assert.deepEqual(await client.transaction((tx) => tx.list('/many')), many);
    await client.close();
  });

  it('is right at any length around the limit', async () => {
    const { store, client } = pair();
    // Names of 8 bytes with their NUL: 512 of them are 4096 exactly.
    const exact = Array.from({ length: 514 }, (_, index) => `n${String(index).padStart(6, '0')}`);
    for (const [index, name] of exact.entries()) {
      store.write(`/exact/${name}`, '');
      if (index >= 508) assert.deepEqual(await client.list('/exact'), exact.slice(0, index + 1));
    }
    await client.close();
  });

  it('starts again when the node changed between parts', async () => {
    let change = 3;
    const store: StoreServer = new StoreServer({
      onRequest: ({ type, payload }) => {
        const first = Buffer.from(payload).toString('latin1').endsWith('\x000\0');
        if (type !== MessageType.DIRECTORY_PART || first || change === 0) return;
        change -= 1;
        store.remove(`/many/child-${change}`);
      },
    });
    for (const name of many) store.write(`/many/${name}`, '');
    const client = new XenStoreClient(store.connect());
    assert.deepEqual(await client.list('/many'), many.slice(3));
    assert.equal(change, 0);
    await client.close();
  });

  it('gives up when it never stands still', async () => {
    const store: StoreServer = new StoreServer({
      onRequest: ({ type }) => {
        if (type === MessageType.DIRECTORY_PART) store.write('/many/new', '');
        if (type === MessageType.DIRECTORY_PART) store.remove('/many/new');
      },
    });
    for (const name of many) store.write(`/many/${name}`, '');
    const client = new XenStoreClient(store.connect());
    await assert.rejects(client.list('/many'), XenStoreContendedError);
    await client.close();
  });
});

describe('over a UNIX socket', () => {
  it('serves many requests at once, in a directory of its own', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    const path = join(directory, 'socket');
    const store = new StoreServer();
    await store.listen(path);
    const client = await connectSocket({ paths: [join(directory, 'absent'), path] });
    await Promise.all(Array.from({ length: 300 }, (_, index) => client.write(`/n/${index}`, String(index))));
    const values = await Promise.all(Array.from({ length: 300 }, (_, index) => client.read(`/n/${index}`)));
    assert.deepEqual(
      values,
      Array.from({ length: 300 }, (_, index) => String(index)),
    );
    await client.close();
    assert.equal(await client.closed, undefined);
    await store.close();
    await rm(directory, { recursive: true });
  });

  it('calls again when more call than the server lets wait', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    const path = join(directory, 'socket');
    const store = new StoreServer();
    const busy = createServer((socket) => {
      store.serve(new SocketTransport(path, socket), domainId(0));
    });
    await new Promise<void>((resolve) => busy.listen({ path, backlog: 1 }, resolve));
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectSocket({ paths: [path] })));
    for (const client of clients) {
      assert.deepEqual(await client.list('/'), ['tool']);
      await client.close();
    }
    await new Promise((resolve) => busy.close(resolve));
    await rm(directory, { recursive: true });
  });

  it('says what it tried when there is none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'store-'));
    const path = join(directory, 'absent');
    await assert.rejects(connectSocket({ paths: [path] }), (error: unknown) => {
      assert.ok(error instanceof XenStoreUnreachableError);
      assert.equal(error.code, 'XENSTORE_UNREACHABLE');
      assert.deepEqual(error.evidence['tried'], [`${path}: ENOENT`]);
      assert.match(error.next, /start xenstored/);
      return true;
    });
    await rm(directory, { recursive: true });
  });

  it('looks where Xen’s tools look', () => {
    assert.deepEqual(socketPaths({ XENSTORED_PATH: '/x' }), ['/x']);
    assert.deepEqual(socketPaths({}), ['/run/xenstored/socket', '/var/run/xenstored/socket']);
  });
});

describe('the end', () => {
  it('rejects what is under way when the client closes, and what is asked after it', async () => {
    const { client } = pair();
    const pending = Array.from({ length: 40 }, () => client.read('/a'));
    const closed = client.close();
    for (const one of pending) await assert.rejects(one, XenStoreClosedError);
    await closed;
    await assert.rejects(client.read('/a'), XenStoreClosedError);
    await client.close();
    assert.equal(await client.closed, undefined);
  });

  it('rejects what is under way when the store cuts the connection, and says why', async () => {
    const { store, client } = pair();
    await client.write('/a', '1');
    const watch = await client.watch('/a', () => undefined);
    const pending = Array.from({ length: 40 }, () => client.read('/a'));
    store.cut();
    for (const one of pending) await assert.rejects(one, XenStoreClosedError);
    const why = await client.closed;
    assert.ok(why instanceof XenStoreClosedError);
    assert.equal(why.evidence['by'], 'server');
    await watch.unwatch();
    await client.close();
    assert.equal(store.connections, 0);
  });

  it('closes at the end of its scope', async () => {
    const { store } = pair();
    const client = new XenStoreClient(store.connect());
    await client.write('/a', '1');
    await client[Symbol.asyncDispose]();
    assert.equal(await client.closed, undefined);
  });
});
