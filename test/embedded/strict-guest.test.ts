/** A guest of the embedded Xen with a strict old front end: served cold, refused hot changes, and what force does. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { entriesOf } from '../../src/cli/pool-view.js';
import { TestHost } from './embedded.js';

const [EDU, NVME, TIMER] = ['01:00.0', '02:00.0', '00:03.1'] as const;
const EDU_ID = '11e81234';

describe('a strict guest', () => {
  test('finds the same functions, identities, BARs and lines as our front end does', async () => {
    await using test = await TestHost.start();
    const functions = [EDU, NVME, TIMER];
    const reports: unknown[] = [];
    for (const program of ['finds', 'strict']) {
      const guest = await test.runCold(program, functions, { name: program });
      reports.push(JSON.parse(await test.report(guest, 'functions')));
      await test.host.guests.destroy(guest.domain);
      test.assertGone(guest, ...functions);
    }
    const [ours, strict] = reports;
    assert.ok(Array.isArray(ours) && ours.length === functions.length, JSON.stringify(ours));
    assert.deepEqual(strict, ours);
  });

  test('binds its line as pirq and is interrupted', async () => {
    await using test = await TestHost.start();
    const guest = await test.runCold('strict', [TIMER], { arguments: ['interrupts'] });
    const { line, seen } = JSON.parse(await test.report(guest, 'result')) as { line: number; seen: number };
    assert.equal(seen, 5);
    using fn = test.machine.open(test.address(TIMER));
    assert.equal(line, fn.interruptLine);
  });

  test('is shown as what it is, and is refused hot changes', async () => {
    await using test = await TestHost.start();
    const guest = await test.runCold('strict', [EDU], { arguments: ['looks'] });
    assert.equal(await test.report(guest, 'id'), EDU_ID);
    const [entry] = entriesOf(test.host.pool, test.host.pciback);
    assert.deepEqual([entry?.taker, entry?.frontEnd], [`guest ${guest.domain}`, 'fixed']);
    await assert.rejects(test.attach(guest, NVME), { code: 'FRONT_END_FIXED' });
    assert.equal(test.state(NVME), undefined, 'not even claimed');
    await assert.rejects(test.detach(guest, EDU), { code: 'FRONT_END_FIXED' });
    assert.equal(test.state(EDU), 'taken');
    assert.ok(test.host.guests.list().some(({ domain }) => domain === guest.domain));
  });

  test('loses a function by force, reads nothing there, and lives', async () => {
    await using test = await TestHost.start();
    const guest = await test.runCold('strict', [EDU], { arguments: ['looks'] });
    assert.equal(await test.report(guest, 'id'), EDU_ID);
    assert.equal((await test.detach(guest, EDU, true)).forced, true);
    assert.equal(test.state(EDU), 'free');
    const id = `/local/domain/${guest.domain}/data/id`;
    await test.until('an absent function', () => test.host.store.read(id) === '0');
    await test.host.guests.shutdown(guest.domain);
    assert.deepEqual(await test.ended(guest), { how: 'exit', code: 0 });
    test.assertGone(guest, EDU);
  });

  test('does not survive an attach by force, and gives everything back', async () => {
    await using test = await TestHost.start();
    const guest = await test.runCold('strict', [EDU], { arguments: ['sleeps'] });
    await test.report(guest, 'ready');
    await assert.rejects(test.attach(guest, NVME, true), { code: 'GUEST_GONE' });
    const end = await test.ended(guest);
    assert.ok(end.how === 'crash');
    assert.match(end.error.message, /panic: bad backend state 7/);
    test.assertGone(guest, EDU);
    assert.equal(test.state(NVME), undefined, 'it went back to its driver');
  });

  test('started again and again has its function each time', async () => {
    await using test = await TestHost.start();
    for (let start = 0; start < 3; start++) {
      const guest = await test.runCold('strict', [EDU], { arguments: ['returns'] });
      assert.deepEqual(await test.ended(guest), { how: 'exit', code: 0 });
      test.assertGone(guest, EDU);
    }
  });

  test('destroyed at any moment of its start leaves nothing', async () => {
    await using test = await TestHost.start();
    for (const milliseconds of [0, 5, 20, 60, 150]) {
      const guest = await test.run('strict', [EDU], { paused: true });
      void test.host.guests.unpause(guest.domain).catch(() => undefined);
      await sleep(milliseconds);
      await test.host.guests.destroy(guest.domain);
      test.assertGone(guest, EDU);
    }
  });

  test('beside one that takes changes is not touched by them', async () => {
    await using test = await TestHost.start();
    const strict = await test.runCold('strict', [EDU], { arguments: ['looks'] });
    const other = await test.run('ends', [TIMER], { arguments: ['sleeps'], name: 'other' });
    await test.report(strict, 'id');
    await test.report(other, 'ready');
    for (let round = 0; round < 3; round++) {
      await test.attach(other, NVME);
      await test.detach(other, NVME);
    }
    const kinds = new Map(
      entriesOf(test.host.pool, test.host.pciback).map(({ address, frontEnd }) => [address, frontEnd]),
    );
    assert.deepEqual(
      [TIMER, EDU, NVME].map((text) => kinds.get(String(test.address(text)))),
      ['reconfigurable', 'fixed', undefined],
    );
    assert.equal(await test.report(strict, 'id'), EDU_ID);
  });
});
