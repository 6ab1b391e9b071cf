/** Transactions of the client: isolation, conflicts, giving up, and a store that has forgotten one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  discard,
  messageName,
  StoreServer,
  XenStoreClient,
  XenStoreContendedError,
  XenStoreRefusedError,
} from '../../../src/xen/store/index.js';
import type { StoreView } from '../../../src/xen/store/index.js';
import { forgetful } from './forgetful-transport.js';
import { treeText } from './tree-text.js';

const noPause = (): Promise<void> => Promise.resolve();

describe('transaction', () => {
  it('shows its changes all at once, at its end', async () => {
    const store = new StoreServer();
    const [one, two] = [new XenStoreClient(store.connect()), new XenStoreClient(store.connect())];
    const result = await one.transaction(async (tx) => {
      await tx.write('/a', '1');
      await tx.mkdir('/b');
      assert.equal(await tx.read('/a'), '1');
      assert.equal(await two.read('/a'), undefined);
      return 42;
    });
    assert.equal(result, 42);
    assert.equal(treeText(store), '/a = "1" (n0)\n/b = "" (n0)');
    await one.close();
    await two.close();
  });

  it('runs again on a new snapshot after a conflict', async () => {
    const store = new StoreServer();
    store.write('/count', '0');
    const client = new XenStoreClient(store.connect(), { pause: noPause });
    const seen: (string | undefined)[] = [];
    await client.transaction(async (tx) => {
      const value = await tx.read('/count');
      seen.push(value);
      if (seen.length <= 3) store.write('/count', String(seen.length * 10));
      await tx.write('/count', String(Number(value) + 1));
    });
    assert.deepEqual(seen, ['0', '10', '20', '30']);
    assert.equal(store.read('/count'), '31');
    await client.close();
  });

  it('runs again when it has seen a node of which others have removed the parent since', async () => {
    const store = new StoreServer();
    const client = new XenStoreClient(store.connect(), { pause: noPause });
    store.write('/a/b', '');
    const seen: (string | undefined)[] = [];
    await client.transaction(async (tx) => {
      seen.push(await tx.read('/a/b'));
      store.remove('/a');
      await tx.remove('/a/b');
    });
    assert.deepEqual(seen, ['', undefined]);
    // The root has no parent that could have gone.
    await assert.rejects(
      client.transaction((tx) => tx.remove('/')),
      (error: unknown) => error instanceof XenStoreRefusedError && error.errno === 'EINVAL',
    );
    await client.close();
  });

  it('loses no increment of many clients', async () => {
    const store = new StoreServer();
    store.write('/count', '0');
    const clients = Array.from(
      { length: 4 },
      () => new XenStoreClient(store.connect(), { maxAttempts: 400 }),
    );
    let runs = 0;
    await Promise.all(
      clients.map(async (client) => {
        for (let round = 0; round < 10; round += 1) {
          await client.transaction(async (tx) => {
            runs += 1;
            await tx.write('/count', String(Number(await tx.read('/count')) + 1));
          });
        }
      }),
    );
    assert.equal(store.read('/count'), '40');
    assert.ok(runs > 40, `${runs} runs: the clients never met`);
    for (const client of clients) await client.close();
  });

  it('gives up after a bounded number of attempts with growing pauses', async () => {
    const store = new StoreServer();
    store.write('/a', '');
    const pauses: number[] = [];
    const client = new XenStoreClient(store.connect(), {
      maxAttempts: 9,
      pause: (milliseconds) => {
        pauses.push(milliseconds);
        return Promise.resolve();
      },
    });
    let runs = 0;
    await assert.rejects(
      client.transaction(async (tx) => {
        runs += 1;
        await tx.read('/a');
        store.write('/a', String(runs));
        await tx.write('/b', '');
      }),
      (error: unknown) =>
        error instanceof XenStoreContendedError &&
        error.code === 'XENSTORE_CONTENDED' &&
        error.evidence['attempts'] === 9,
    );
    assert.equal(runs, 9);
    assert.equal(pauses.length, 7);
    assert.ok(pauses.every((pause) => pause >= 1 && pause <= 32));
    assert.equal(store.read('/b'), undefined);
    await client.close();
  });

  it('changes nothing when the body throws, and throws the same', async () => {
    const requests: string[] = [];
    const store = new StoreServer({
      onRequest: ({ type, payload }) =>
        requests.push(`${messageName(type)} ${Buffer.from(payload).toString().replaceAll('\0', '|')}`),
    });
    const client = new XenStoreClient(store.connect());
    const thrown = new Error('mine');
    await assert.rejects(
      client.transaction(async (tx) => {
        await tx.write('/a', '1');
        throw thrown;
      }),
      (error: unknown) => error === thrown,
    );
    assert.equal(treeText(store), '');
    assert.equal(requests.at(-1), 'TRANSACTION_END F|');
    await client.close();
  });

  it('changes nothing when the body returns discard, and gives its value', async () => {
    const store = new StoreServer();
    const client = new XenStoreClient(store.connect());
    const body = async (tx: StoreView) => {
      await tx.write('/a', '1');
      const value = await tx.read('/a');
      return value === '1' ? discard('seen') : 'kept';
    };
    const result: string = await client.transaction(body);
    assert.equal(result, 'seen');
    assert.equal(treeText(store), '');
    await client.close();
  });

  it('waits for what the body left under way, and takes nothing after it', async () => {
    const store = new StoreServer();
    const client = new XenStoreClient(store.connect());
    let kept: StoreView | undefined;
    let left: Promise<void> | undefined;
    await client.transaction((tx) => {
      kept = tx;
      left = tx.write('/late', '1');
      return Promise.resolve();
    });
    await left;
    assert.equal(store.read('/late'), '1');
    assert.ok(kept);
    await assert.rejects(
      kept.read('/late'),
      (error: unknown) => error instanceof XenStoreRefusedError && error.by === 'client',
    );
    await client.close();
  });

  it('tells a forgotten transaction from a missing node', async () => {
    const store = new StoreServer();
    store.write('/there', 'x');
    const transport = forgetful(store.connect());
    const client = new XenStoreClient(transport);
    const isVoid = (error: unknown): boolean =>
      error instanceof XenStoreRefusedError &&
      error.code === 'XENSTORE_ENOENT' &&
      error.operation === 'TRANSACTION_END';
    // The node is there, but all that the client hears is ENOENT: the result must not get out.
    await assert.rejects(
      client.transaction(async (tx) => {
        transport.forgetTransactions();
        return await tx.read('/there');
      }),
      isVoid,
    );
    await assert.rejects(
      client.transaction(async (tx) => {
        transport.forgetTransactions();
        return discard(await tx.remove('/there'));
      }),
      isVoid,
    );
    // Nor may an error that the body draws from it.
    await assert.rejects(
      client.transaction(async (tx) => {
        transport.forgetTransactions();
        if ((await tx.list('/there')) === undefined) throw new Error('wrong conclusion');
      }),
      isVoid,
    );
    assert.equal(await client.transaction((tx) => tx.read('/missing')), undefined);
    await client.close();
  });
});
