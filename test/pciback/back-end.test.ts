/** The back end's life with a guest: XenBus states, keys, hot changes, nonsense, and death at any moment. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { PcibackEvent } from '../../src/pciback/index.js';
import { checkProperty } from '../kept-seeds.js';
import { treeText } from '../xen/store/tree-text.js';
import {
  toolStackAttaches,
  toolStackCreates,
  toolStackDestroys,
  toolStackDetaches,
  toolStackForgets,
} from './front-end.js';
import { DISK, EDU, NOTHING_OPEN, ServingHost } from './serving-host.js';

describe('one guest', () => {
  test('from created to connected, its reads, an orderly close, and nothing left', async () => {
    await using all = await ServingHost.start();
    const { platform } = all;
    await toolStackCreates(platform.store, 1, [DISK, EDU]);
    const front = all.front(1);
    await front.connect();
    const {
      'vdev-0': first,
      'vdev-1': second,
      'state-0': state,
      root_num: roots,
      'root-0': root,
    } = await front.backKeys();
    assert.deepEqual(
      [first, second, state, roots, root],
      ['0000:00:00.00', '0000:00:01.00', '3', '1', '0000:00'],
    );
    assert.deepEqual(front.read(0, 0, 4), { error: 0, value: 0x0010_1b36, vectors: [] });
    assert.deepEqual(front.read(8, 0, 4), { error: 0, value: 0x11e8_1234, vectors: [] });
    assert.deepEqual(all.states(), ['taken', 'taken']);
    await front.write({ state: '5' });
    await front.backState(5);
    await front.write({ state: '6' });
    await front.backState(6);
    assert.deepEqual(platform.open, NOTHING_OPEN);
    await toolStackDestroys(platform.store, 1);
    await all.settled(() => all.states().every((one) => one === 'free'));
    assert.equal(
      treeText(all.server, '/local/domain/0').includes('backend/pci'),
      false,
      treeText(all.server),
    );
    assert.equal(all.resets, 1);
    assert.deepEqual(all.failures(), []);
    assert.deepEqual(platform.mapped, []);
  });

  test('hot attach and detach through states 7 and 8', async () => {
    await using all = await ServingHost.start();
    const { store } = all.platform;
    await toolStackCreates(store, 1, [DISK]);
    const front = all.front(1);
    await front.connect();
    const { back } = front;
    await store.transaction(async (tx) => {
      for (const [key, value] of Object.entries({
        'dev-1': EDU,
        'state-1': '1',
        num_devs: '2',
        state: '7',
      })) {
        await tx.write(`${back}/${key}`, value);
      }
    });
    await front.write({ state: '7' });
    await front.backState(8);
    assert.equal(front.read(8, 0, 4).value, 0x11e8_1234);
    await front.write({ state: '4' });
    await front.backState(4);
    await store.transaction(async (tx) => {
      await tx.write(`${back}/state-0`, '5');
      await tx.write(`${back}/state`, '7');
    });
    await front.write({ state: '7' });
    await front.backState(8);
    assert.equal(front.read(0, 0, 4).error, -1);
    assert.deepEqual(all.states(), ['taken', 'free']);
    await front.write({ state: '4' });
    await front.backState(4);
  });

  test('detaching as libxl does, which moves later numbers down, takes the right function each time', async () => {
    await using all = await ServingHost.start();
    const { store } = all.platform;
    await toolStackCreates(store, 1, [DISK, EDU]);
    const front = all.front(1);
    await front.connect();
    await front.reconfigure(async () => {
      await toolStackDetaches(store, 1, DISK);
    });
    await toolStackForgets(store, 1, DISK);
    assert.deepEqual(all.states(), ['taken', 'free']);
    // EDU is number 0 now; DISK comes back as number 1.
    await front.reconfigure(async () => {
      await toolStackAttaches(store, 1, DISK);
    });
    assert.deepEqual(all.states(), ['taken', 'taken']);
    assert.equal((await front.backKeys())['state-1'], '3');
    await front.reconfigure(async () => {
      await toolStackDetaches(store, 1, EDU);
    });
    assert.deepEqual(all.states(), ['free', 'taken']);
    assert.deepEqual(
      all.pciback.guests[0]?.exports.map(({ address }) => String(address)),
      [DISK],
    );
  });

  test('a hot attach that fails is told, and the guest keeps what it has', async () => {
    await using all = await ServingHost.start();
    const { store } = all.platform;
    await toolStackCreates(store, 1, [DISK]);
    const front = all.front(1);
    await front.connect();
    await front.reconfigure(async () => {
      await toolStackAttaches(store, 1, '0000:0a:00.0');
    });
    assert.deepEqual(
      all.failures().map(({ code }) => code),
      ['FUNCTION_NOT_FOUND'],
    );
    assert.equal((await front.backKeys())['state-1'], '1');
    assert.equal(front.read(0, 0, 4).value, 0x0010_1b36);
  });

  test('a guest that says "closing" and nothing more is answered once', async () => {
    await using all = await ServingHost.start();
    await toolStackCreates(all.platform.store, 1, [DISK]);
    const front = all.front(1);
    await front.connect();
    await front.write({ state: '5' });
    await front.backState(5);
    const before = all.events.length;
    for (const state of ['1', '5', '3', '5']) await front.write({ state });
    await sleep(100);
    assert.ok(all.events.length - before <= 1, `${all.events.length - before} events`);
    await front.write({ state: '6' });
    await front.backState(6);
  });

  test('a pair that another back end serves is left alone', async () => {
    await using all = await ServingHost.start();
    await all.pciback[Symbol.asyncDispose]();
    await toolStackCreates(all.platform.store, 1, [DISK]);
    const front = all.front(1);
    await all.platform.store.write(`${front.back}/state`, '4');
    const events: PcibackEvent[] = [];
    const second = await all.serveBesides((event) => events.push(event));
    await all.settled(() => events.length > 0);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['foreign'],
    );
    assert.deepEqual(all.states(), ['free', 'free']);
    await second[Symbol.asyncDispose]();
  });
});

describe('a guest that cannot be served', () => {
  const wrongKeys: readonly [string, Readonly<Record<string, string>>, string][] = [
    ['another protocol', { 'pci-op-ref': '8', 'event-channel': '9', magic: '8' }, 'FRONTEND_KEYS_BAD'],
    ['no magic', { 'pci-op-ref': '8', 'event-channel': '9' }, 'FRONTEND_KEYS_BAD'],
    ['words for numbers', { 'pci-op-ref': 'eight', 'event-channel': '9', magic: '7' }, 'FRONTEND_KEYS_BAD'],
    ['a negative number', { 'pci-op-ref': '8', 'event-channel': '-9', magic: '7' }, 'FRONTEND_KEYS_BAD'],
    [
      'a number too large',
      { 'pci-op-ref': '99999999999', 'event-channel': '9', magic: '7' },
      'FRONTEND_KEYS_BAD',
    ],
    [
      'a huge value',
      { 'pci-op-ref': '8'.repeat(2000), 'event-channel': '9', magic: '7' },
      'FRONTEND_KEYS_BAD',
    ],
  ];
  for (const [name, keys, code] of wrongKeys) {
    test(`${name}: told, closed, given back`, async () => {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK]);
      const front = all.front(1);
      await front.backState(3);
      await front.write({ ...keys, state: '3' });
      await front.backState(5);
      assert.deepEqual(
        all.failures().map((error) => error.code),
        [code],
      );
      await all.settled(() => all.states().every((one) => one === 'free'));
      // The back end lives: the next guest is served.
      await toolStackCreates(all.platform.store, 2, [DISK]);
      const next = all.front(2);
      await next.connect();
      assert.equal(next.read(0, 0, 4).value, 0x0010_1b36);
    });
  }

  test('a grant or port that is not there: nothing half open', async () => {
    for (const wrong of [{ 'pci-op-ref': '77' }, { 'event-channel': '77' }]) {
      await using all = await ServingHost.start();
      await toolStackCreates(all.platform.store, 1, [DISK]);
      const front = all.front(1);
      await front.backState(3);
      await front.write({ ...front.keys, ...wrong, state: '3' });
      await front.backState(5);
      assert.deepEqual(
        all.failures().map(({ code }) => code),
        ['XEN_CALL_FAILED'],
      );
      assert.deepEqual(all.platform.open, NOTHING_OPEN);
    }
  });
});

test('property: stopped at any moment, nothing stays open and every function is back', async () => {
  const property = fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (turns) => {
    await using all = await ServingHost.start();
    await toolStackCreates(all.platform.store, 1, [DISK, EDU]);
    const front = all.front(1);
    await front.publish();
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await all.pciback[Symbol.asyncDispose]();
    assert.deepEqual(all.platform.open, NOTHING_OPEN);
    assert.deepEqual(all.states(), ['free', 'free']);
    await sleep(5);
    assert.deepEqual(all.platform.open, NOTHING_OPEN);
  });
  await checkProperty('back-end: stopped at any moment', property as fc.IAsyncProperty<unknown[]>, {
    numRuns: 60,
  });
});

test('property: nonsense in any key of the guest never stops the back end, and death at any moment leaves nothing', async () => {
  const key = fc.constantFrom('state', 'pci-op-ref', 'event-channel', 'magic', 'backend', 'x');
  const value = fc.oneof(
    fc.constantFrom('0', '1', '3', '4', '5', '6', '7', '8', '9', '', '-1', '3x', '77', '4294967296'),
    fc.string({ maxLength: 12 }),
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('write' as const), key, value) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('publish' as const), fc.constant(''), fc.constant('')) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constant(''), fc.constant('')) },
  );
  const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, dies) => {
    await using all = await ServingHost.start();
    await toolStackCreates(all.platform.store, 1, [DISK]);
    const front = all.front(1);
    for (const [what, name, text] of steps) {
      if (what === 'wait') await sleep(1);
      else if (what === 'publish') await front.publish();
      // Characters beyond latin1 cannot be written at all: the guest's own client refuses them.
      else await front.write({ [name]: text.replace(/[^\0-\xff]/g, '?') });
      front.read(0, 0, 4);
    }
    // Its pair is removed while it runs, or behind it.
    if (dies) await all.domain(1).destroy();
    await toolStackDestroys(all.platform.store, 1);
    await all.settled(() => all.states().every((one) => one === 'free') && all.pciback.guests.length === 0);
    assert.deepEqual(all.platform.open, NOTHING_OPEN);
    assert.deepEqual(all.platform.mapped, []);
    assert.equal(treeText(all.server, '/local/domain/0').includes('backend/pci'), false);
    await toolStackCreates(all.platform.store, 2, [DISK]);
    const honest = all.front(2);
    await honest.connect();
    assert.equal(honest.read(0, 0, 4).value, 0x0010_1b36);
  });
  await checkProperty('back-end: any guest', property, { numRuns: 60 });
});
