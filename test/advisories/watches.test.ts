/** Lessons of advisories about XenStore: a guest that causes events without end does not fill anybody's memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { domainId } from '../../src/xen/domain.js';
import { Follower, StoreServer, XenStoreClient } from '../../src/xen/store/index.js';
import { until } from '../until.js';

const FLOOD = 20_000;
/** Paths that may wait for one listener, with some that were told before. */
const MOST = 1100;

describe('watches', () => {
  test('XSA-349: a flood of events waits for its listener in a queue that has an end, and nothing is lost', async () => {
    await using server = new StoreServer();
    const client = new XenStoreClient(server.connect({ domain: domainId(0) }));
    server.write('/guest/state', '1');
    const told: string[] = [];
    let go: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => (go = resolve));
    await client.watch('/guest/state', async (path) => {
      told.push(path);
      await busy;
    });
    await until(() => told.length === 1);
    for (let times = 0; times < FLOOD; times++) {
      server.write(`/guest/state/${times}`, '');
      server.remove(`/guest/state/${times}`);
      if (times % 100 === 0) await turn();
    }
    server.write('/guest/state', '5');
    go();
    await until(async () => {
      const before = told.length;
      for (let turns = 0; turns < 20; turns++) await turn();
      return told.length > 1 && told.length === before;
    });
    assert.ok(told.length < MOST, `${told.length} events of ${2 * FLOOD}`);
    assert.ok(told.includes('/guest/state', 1), 'whoever looks there now sees the last of it');
    await client.close();
  });

  test('XSA-349: whoever is woken while it looks looks once more, however often', async () => {
    let [looks, atOnce, most] = [0, 0, 0];
    let go: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (go = resolve));
    const follower = new Follower(async () => {
      looks++;
      most = Math.max(most, ++atOnce);
      await first;
      atOnce--;
    });
    const woken = [follower.wake()];
    await turn();
    for (let times = 0; times < FLOOD; times++) woken.push(follower.wake());
    go();
    await Promise.all(woken);
    assert.deepEqual({ looks, most }, { looks: 2, most: 1 });
  });
});
