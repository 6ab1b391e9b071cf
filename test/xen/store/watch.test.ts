/** Watches of the client: first fire, order, merging, slow and failing listeners, unwatch. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { domainId } from '../../../src/xen/domain.js';
import {
  INTRODUCE_DOMAIN,
  RELEASE_DOMAIN,
  StoreServer,
  XenStoreClient,
} from '../../../src/xen/store/index.js';
import { MAX_WAITING_EVENTS } from '../../../src/xen/store/watches.js';
import { permissions } from './tree-text.js';

/** Waits until what is under way in memory has arrived. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 6; turns += 1) await turn();
}

function open(options: ConstructorParameters<typeof XenStoreClient>[1] = {}): {
  store: StoreServer;
  client: XenStoreClient;
  seen: string[];
} {
  const store = new StoreServer();
  return { store, client: new XenStoreClient(store.connect(), options), seen: [] };
}

describe('watch', () => {
  it('fires at once, then for each change at the node and below, in order', async () => {
    const { store, client, seen } = open();
    await client.watch('/a', (path) => void seen.push(path));
    await settle();
    assert.deepEqual(seen, ['/a']);
    for (const path of ['/a/b', '/a', '/ab', '/a/c/d', '/x']) {
      store.write(path, '1');
      await settle();
    }
    store.setPermissions('/a/b', permissions('n0', 'r1'));
    await settle();
    store.remove('/a');
    await settle();
    assert.deepEqual(seen, ['/a', '/a/b', '/a', '/a/c/d', '/a/b', '/a']);
    await client.close();
  });

  it('tells the watched path when something above it goes', async () => {
    const { store, client, seen } = open();
    store.write('/a/b/c', '1');
    await client.watch('/a/b', (path) => void seen.push(path));
    await settle();
    store.remove('/a');
    await settle();
    assert.deepEqual(seen, ['/a/b', '/a/b']);
    await client.close();
  });

  it('gives relative paths for a relative watch, and knows the special names', async () => {
    const store = new StoreServer();
    store.write('/local/domain/2', '');
    store.setPermissions('/local/domain/2', permissions('n2'));
    for (const name of [INTRODUCE_DOMAIN, RELEASE_DOMAIN]) {
      store.setPermissions(name, permissions('n0', 'r2'));
    }
    const client = new XenStoreClient(store.connect({ domain: domainId(2) }));
    const seen: string[] = [];
    for (const path of ['device', INTRODUCE_DOMAIN, RELEASE_DOMAIN]) {
      await client.watch(path, (event) => void seen.push(event));
    }
    await settle();
    seen.length = 0;
    store.write('/local/domain/2/device/pci/0/state', '1');
    await settle();
    store.introduce(domainId(9));
    await settle();
    store.release(domainId(9));
    await settle();
    assert.deepEqual(seen, ['device/pci/0/state', INTRODUCE_DOMAIN, RELEASE_DOMAIN]);
    await client.close();
  });

  it('tells two watches of one path apart', async () => {
    const { store, client, seen } = open();
    const first = await client.watch('/a', () => void seen.push('first'));
    await client.watch('/a', () => void seen.push('second'));
    await settle();
    await first.unwatch();
    store.write('/a', '1');
    await settle();
    assert.deepEqual(seen, ['first', 'second', 'second']);
    await client.close();
  });

  it('delivers nothing after unwatch was called, from inside the listener too', async () => {
    const { store, client, seen } = open();
    const watch = await client.watch('/a', async (path) => {
      seen.push(path);
      if (path !== '/a/stop') return;
      await watch.unwatch();
    });
    await settle();
    for (const path of ['/a/stop', '/a/1', '/a/2']) store.write(path, '');
    await settle();
    assert.deepEqual(seen, ['/a', '/a/stop']);
    await watch.unwatch();
    await watch[Symbol.asyncDispose]();
    await client.close();
  });

  it('shows no event of a transaction before its end', async () => {
    const { client, seen } = open();
    await client.watch('/a', (path) => void seen.push(path));
    await client.transaction(async (tx) => {
      await tx.write('/a/b', '1');
      await settle();
      assert.deepEqual(seen, ['/a']);
    });
    await settle();
    assert.deepEqual(seen, ['/a', '/a/b']);
    await client.close();
  });

  it('never enters a running listener again; equal events that wait are one', async () => {
    const { store, client, seen } = open();
    let running = 0;
    let release: () => void = () => undefined;
    await client.watch('/a', async (path) => {
      running += 1;
      assert.equal(running, 1);
      seen.push(path);
      await new Promise<void>((resolve) => (release = resolve));
      running -= 1;
    });
    await settle();
    for (let round = 0; round < 500; round += 1) {
      store.write('/a/x', String(round));
      store.write('/a/y', String(round));
    }
    await settle();
    assert.deepEqual(seen, ['/a']);
    // The path under way may be told once more: it may have changed since its listener looked.
    for (let step = 0; step < 4; step += 1) {
      release();
      await settle();
    }
    assert.deepEqual(seen, ['/a', '/a/x', '/a/y']);
    await client.close();
  });

  it('keeps one slow listener from another one', async () => {
    const { store, client, seen } = open();
    await client.watch('/a', () => new Promise<void>(() => undefined));
    await client.watch('/a', (path) => void seen.push(path));
    await settle();
    store.write('/a/b', '');
    await settle();
    assert.deepEqual(seen, ['/a', '/a/b']);
    await client.close();
  });

  it('makes a flood of different paths one event for everything', async () => {
    const { store, client, seen } = open();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await client.watch('/a', async (path) => {
      seen.push(path);
      await gate;
    });
    await settle();
    const flood = MAX_WAITING_EVENTS + 10;
    for (let index = 0; index < flood; index += 1) store.write(`/a/${index}`, '');
    await settle();
    release();
    await settle();
    assert.equal(seen[1], '/a');
    assert.equal(seen.length, 2 + 9, 'the nine behind the one that was too many');
    assert.equal(seen.at(-1), `/a/${flood - 1}`);
    await client.close();
  });

  it('survives listeners that throw, and reports them', async () => {
    const faults: [unknown, string][] = [];
    const { store, client, seen } = open({ onError: (error, path) => void faults.push([error, path]) });
    const thrown = new Error('mine');
    await client.watch('/a', (path) => {
      seen.push(path);
      throw thrown;
    });
    await client.watch('/a', (path) => (path === '/a/b' ? Promise.reject(thrown) : undefined));
    await settle();
    store.write('/a/b', '1');
    await settle();
    assert.deepEqual(seen, ['/a', '/a/b']);
    assert.deepEqual(
      faults.map(([error, path]) => [error === thrown, path]),
      [
        [true, '/a'],
        [true, '/a/b'],
        [true, '/a/b'],
      ],
    );
    assert.equal(await client.read('/a/b'), '1');
    await client.close();
  });
});
