/** The back end's life with every kind of front end: start, cold changes, refusals, failure, death, and the next start. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { domainId } from '../../src/xen/domain.js';
import { checkProperty } from '../kept-seeds.js';
import { treeText } from '../xen/store/tree-text.js';
import { toolStackAttaches, toolStackCreates, toolStackDestroys, toolStackForgets } from './front-end.js';
import { DISK, EDU, NOTHING_OPEN, ServingHost } from './serving-host.js';

const DISK_ID = 0x0010_1b36;
const EDU_ID = 0x11e8_1234;

/** `reboots`: the domain of each start; a strict front end has its one chance in each. */
const FRONTS = [
  {
    name: "Linux's xen-pcifront",
    kind: 'reconfigurable',
    reboots: [1, 2, 2],
    front: (host: ServingHost, guest: number) => host.front(guest),
  },
  {
    name: 'a strict front end',
    kind: 'fixed',
    reboots: [1, 2, 3],
    front: (host: ServingHost, guest: number) => host.strictFront(guest),
  },
] as const;

for (const { name, kind, reboots, front: frontOf } of FRONTS) {
  describe(`${name}:`, () => {
    test('from created to connected, its reads, what it is known to be, and nothing left', async () => {
      await using all = await ServingHost.start();
      const { platform } = all;
      await toolStackCreates(platform.store, 1, [DISK, EDU]);
      const front = frontOf(all, 1);
      assert.equal(all.pciback.frontEnd(domainId(1)), undefined, 'it has said nothing yet');
      await front.connect();
      await all.settled(() => all.server.read(`/local/domain/1/device/pci/0/state`) === '4');
      const keys = await front.backKeys();
      assert.deepEqual(
        ['vdev-0', 'vdev-1', 'state-0', 'root_num', 'root-0', 'state'].map((key) => keys[key]),
        ['0000:00:00.00', '0000:00:01.00', '3', '1', '0000:00', '4'],
      );
      assert.deepEqual(
        [0, 8, 16].map((devfn) => front.read(devfn, 0, 4)),
        [
          { error: 0, value: DISK_ID, vectors: [] },
          { error: 0, value: EDU_ID, vectors: [] },
          { error: -1, value: 0, vectors: [] },
        ],
      );
      assert.deepEqual(all.states(), ['taken', 'taken']);
      assert.equal(all.pciback.frontEnd(domainId(1)), kind);
      const [told] = all.events.filter(({ event }) => event === 'connected');
      assert.deepEqual(told, {
        guest: 1,
        event: 'connected',
        aerHandler: kind === 'reconfigurable',
        frontEnd: kind,
      });
      await all.kill(1);
      await toolStackDestroys(platform.store, 1);
      await all.settled(() => all.states().every((one) => one === 'free'));
      assert.equal(treeText(all.server, '/local/domain/0').includes('backend/pci'), false);
      assert.equal(all.resets, 1);
      assert.deepEqual(all.failures(), []);
      assert.deepEqual([platform.open, platform.mapped], [NOTHING_OPEN, []]);
    });

    test('libxl lists the functions of a new guest one by one: all are there when the guest connects', async () => {
      await using all = await ServingHost.start();
      const { store } = all.platform;
      await toolStackCreates(store, 1, [DISK]);
      const front = frontOf(all, 1);
      await front.backState(3);
      await toolStackAttaches(store, 1, EDU);
      await all.settled(() => all.states().every((one) => one === 'taken'));
      await all.settled(() => all.server.read(`${front.back}/state-1`) === '3');
      assert.equal((await front.backKeys())['state'], '3');
      await front.connect();
      assert.deepEqual([front.read(0, 0, 4).value, front.read(8, 0, 4).value], [DISK_ID, EDU_ID]);
    });

    test('one that cannot be exported before the guest connects is told once, and the guest gets the others', async () => {
      await using all = await ServingHost.start();
      const { store } = all.platform;
      await toolStackCreates(store, 1, [DISK]);
      const front = frontOf(all, 1);
      await front.backState(3);
      await toolStackAttaches(store, 1, '0000:0a:00.0');
      await all.settled(() => all.failures().length > 0);
      await front.connect();
      assert.deepEqual(
        all.failures().map(({ code }) => code),
        ['FUNCTION_NOT_FOUND'],
      );
      assert.equal(front.read(0, 0, 4).value, DISK_ID);
    });

    test('an entry that goes without a word is taken back, and the guest keeps the others', async () => {
      await using all = await ServingHost.start();
      const { store } = all.platform;
      await toolStackCreates(store, 1, [DISK, EDU]);
      const front = frontOf(all, 1);
      await front.connect();
      await toolStackForgets(store, 1, DISK);
      await all.settled(() => all.states()[1] === 'free');
      assert.equal(front.read(0, 0, 4).error, -1);
      assert.equal(front.read(8, 0, 4).value, EDU_ID);
    });

    test('a guest that dies before it connected, and whose pair the tool stack forgets, leaves nothing', async () => {
      await using all = await ServingHost.start();
      const { server } = all;
      const { store } = all.platform;
      await toolStackCreates(store, 1, [DISK]);
      await toolStackCreates(store, 2, [EDU]);
      const [unborn, living] = [frontOf(all, 1), frontOf(all, 2)];
      await unborn.backState(3);
      await living.connect();
      await store.remove('/local/domain/1');
      await all.domain(1).destroy();
      await all.settled(() => all.pciback.guests.length === 1);
      assert.deepEqual(all.states(), ['taken', 'free']);
      assert.equal(treeText(server, '/local/domain/0/backend').includes('pci/1'), false);
      assert.equal(living.read(0, 0, 4).value, EDU_ID);
      await all.kill(2);
      await toolStackDestroys(store, 2);
      await all.settled(() => all.pciback.guests.length === 0);
    });

    test('when the store is lost, the functions come back all the same', async () => {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK]);
      const front = frontOf(all, 1);
      await front.connect();
      all.server.cut();
      await all.platform.store.closed;
      await all.pciback[Symbol.asyncDispose]();
      assert.deepEqual(all.states(), ['free', 'free']);
      assert.deepEqual(all.platform.open, NOTHING_OPEN);
      assert.equal(all.resets, 1);
    });

    test('started again while its function is still on the way back: it waits, and gets it', async () => {
      await using all = await ServingHost.start();
      const open = all.machine.open.bind(all.machine);
      // A reset that takes its time, as real ones do.
      all.machine.open = (address) => {
        const fn = open(address);
        const reset = fn.reset.bind(fn);
        fn.reset = async () => {
          await sleep(60);
          return reset();
        };
        return fn;
      };
      for (const guest of reboots) {
        await toolStackCreates(all.platform.store, guest, [DISK]);
        const front = frontOf(all, guest);
        await front.connect();
        assert.equal(front.read(0, 0, 4).value, DISK_ID);
        // The tool stack makes the pair of 2 anew while its domain lives on; a strict guest has died before.
        if (kind === 'fixed') await all.kill(guest);
        await toolStackDestroys(all.platform.store, guest);
      }
      await all.settled(() => all.states()[1] === 'free');
      assert.equal(all.resets, 3);
      assert.deepEqual(all.failures(), []);
    });

    test('a function that another guest has is refused, and the first keeps it', async () => {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK]);
      const first = frontOf(all, 1);
      await first.connect();
      await toolStackCreates(all.platform.store, 2, [EDU, DISK]);
      const second = frontOf(all, 2);
      await second.backState(5);
      assert.deepEqual(
        all.failures().map(({ code }) => code),
        ['FUNCTION_TAKEN'],
      );
      await all.settled(() => all.states()[0] === 'free');
      assert.equal(first.read(0, 0, 4).value, DISK_ID);
    });

    for (const [what, devices, code] of [
      ['a function that is not there', ['0000:0a:00.0'], 'FUNCTION_NOT_FOUND'],
      ['no address', ['somewhere'], 'BACKEND_KEYS_BAD'],
    ] as const) {
      test(`${what}: told and closed`, async () => {
        await using all = await ServingHost.start();
        await toolStackCreates(all.platform.store, 1, devices);
        await frontOf(all, 1).backState(5);
        assert.deepEqual(
          all.failures().map((error) => error.code),
          [code],
        );
      });
    }
  });
}

/** States of its own that the back end has written, in their order. */
const statesTold = (all: ServingHost) =>
  all.events.flatMap((event) => (event.event === 'state' ? [event.state] : []));

describe('a strict front end', () => {
  test('publishes before the back end has looked: it is connected all the same', async () => {
    await using all = await ServingHost.start();
    await all.endServing();
    await toolStackCreates(all.platform.store, 1, [DISK]);
    const front = all.strictFront(1);
    await front.boot();
    await all.settled(() => all.server.read('/local/domain/1/device/pci/0/state') === '3');
    await all.serve();
    await front.connect();
    assert.equal(front.read(0, 0).value, DISK_ID);
  });

  test('is told Closing and nothing after it when its functions are refused, and lives', async () => {
    await using all = await ServingHost.start();
    await toolStackCreates(all.platform.store, 1, [DISK, '0000:0a:00.0']);
    const front = all.strictFront(1);
    const xpci = await front.boot();
    await all.settled(() => all.server.read('/local/domain/1/device/pci/0/state') === '6');
    await front.backState(5);
    // What happens to its entries afterwards does not bring Closed about.
    await toolStackForgets(all.platform.store, 1, '0000:0a:00.0');
    await sleep(20);
    assert.deepEqual([statesTold(all), xpci.panic], [[2, 5], undefined]);
    await all.settled(() => all.states().every((one) => one === 'free'));
  });

  test('is told Closing when the back end fails while it serves, and lives', async () => {
    await using all = await ServingHost.start();
    await toolStackCreates(all.platform.store, 1, [DISK]);
    const front = all.strictFront(1);
    await front.connect();
    // A list that cannot be read: looked at with the next change of the pair.
    await all.platform.store.write(`${front.back}/num_devs`, 'many');
    await all.settled(() => all.server.read('/local/domain/1/device/pci/0/state') === '6');
    await sleep(20);
    assert.deepEqual([statesTold(all), front.xpci.panic], [[2, 3, 4, 5], undefined]);
    assert.deepEqual(all.platform.open, NOTHING_OPEN);
  });

  test('that closes by itself is answered with Closing, never with Closed', async () => {
    for (const state of ['5', '6']) {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK]);
      const front = all.strictFront(1);
      await front.connect();
      await all.guestPlatform(1).store.write('/local/domain/1/device/pci/0/state', state);
      await all.settled(() => all.server.read('/local/domain/1/device/pci/0/state') === '6');
      await front.backState(5);
      await sleep(20);
      assert.deepEqual([statesTold(all), front.xpci.panic], [[2, 3, 4, 5], undefined]);
    }
  });

  test('one that says anything of itself brings about Closing, once, and nothing after it', async () => {
    await using all = await ServingHost.start();
    await toolStackCreates(all.platform.store, 1, [DISK]);
    const front = all.front(1);
    // Neither sign: so it is fixed.
    front.page.words.fill(0);
    await front.connect();
    for (let round = 0; round < 10; round++)
      for (const state of ['4', '5', '7', '1', '8', '3', '', '6']) await front.write({ state });
    // The back end need not have seen each; the last one it must.
    await front.backState(5);
    await sleep(20);
    assert.deepEqual(statesTold(all), [2, 3, 4, 5]);
    assert.deepEqual(all.failures(), []);
  });

  for (const [state, panic] of [
    ['6', 'panic: forced detach of xpci0 failed'],
    ['7', 'panic: bad backend state 7'],
    ['8', 'panic: bad backend state 8'],
  ] as const) {
    test(`does not survive state ${state}: what others than we may write`, async () => {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK]);
      const front = all.strictFront(1);
      await front.connect();
      await all.endServing();
      await all.platform.store.write(`${front.back}/state`, state);
      await assert.rejects(front.xpci.panicked, { message: panic });
    });
  }

  test('without root_num it takes 0000:00; roots of other domains it skips', async () => {
    await using all = await ServingHost.start();
    const { store } = all.platform;
    await toolStackCreates(store, 1, [DISK]);
    const front = all.strictFront(1);
    await front.backState(3);
    await store.remove(`${front.back}/root_num`);
    await front.connect();
    assert.equal(front.xpci.functions.length, 1);
    await toolStackCreates(store, 2, [EDU]);
    const other = all.strictFront(2);
    await other.backState(3);
    await store.write(`${other.back}/root-0`, '0001:00');
    await other.connect();
    assert.deepEqual(other.xpci.functions, []);
    assert.match(other.xpci.messages.join('\n'), /skipped/);
  });

  test('property: stopped at any moment, it has seen none of 6, 7 and 8, and every function is back', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (turns) => {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK, EDU]);
      const front = all.strictFront(1);
      const xpci = await front.boot();
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await all.pciback[Symbol.asyncDispose]();
      assert.deepEqual(all.platform.open, NOTHING_OPEN);
      assert.deepEqual(all.states(), ['free', 'free']);
      await sleep(5);
      // A request that nobody answers hangs it: here the platform says so, since both ends are on one thread.
      assert.match(xpci.panic ?? '', /^$|would wait|WOULD_DEADLOCK|deadlock/i);
      assert.ok(statesTold(all).every((state) => state < 6));
    });
    await checkProperty('handshake: a strict front end, stopped at any moment', property, { numRuns: 40 });
  });
});
