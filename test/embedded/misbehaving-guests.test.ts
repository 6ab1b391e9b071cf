/** Guests that do what no guest should: the owner lives, its memory stays flat, others are served, nothing is left. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenslotError } from '../../src/pci/index.js';
import { XenbusState } from '../../src/xen/pciif/index.js';
import { TestHost } from './embedded.js';

const [EDU, NVME] = ['01:00.0', '02:00.0'];

const codeOf = (error: unknown): string => (error instanceof OpenslotError ? error.code : String(error));

/** A guest that does it, with a function that was attached cold: nobody waits for its front end. */
async function doing(test: TestHost, way: string) {
  const guest = await test.run('misbehaves', [EDU], { arguments: [way], paused: true });
  void test.host.guests.unpause(guest.domain).catch(() => undefined);
  return guest;
}

describe('a guest that', () => {
  for (const [way, told] of [
    ['throws what has no text', /^\{ toString: null, valueOf: null \}$/],
    ['throws an error whose message has no text', /^\{ toString: null, valueOf: null \}$/],
    ['throws a long message', /^x{4096}$/],
    ['throws null', /^null$/],
  ] as const) {
    test(`${way} has crashed, and that can be told`, async () => {
      await using test = await TestHost.start();
      const guest = await doing(test, way);
      const end = await test.host.guests.ended(guest.domain);
      assert.equal(end.how, 'crash');
      assert.match(end.error.message, told);
      test.assertGone(guest, EDU);
    });
  }

  for (const way of [
    'prints a line without end',
    'prints lines without end',
    'prints ten million lines at once',
  ]) {
    test(`${way} is heard in pieces, and others have their turns in between`, async () => {
      await using test = await TestHost.start();
      const guest = await doing(test, way);
      await test.until('its output', () => test.events.length > 10);
      // A store's answer takes a turn or two of the event loop, in each of which one piece is heard.
      for (let round = 0; round < 20; round++) {
        const before = test.events.length;
        test.host.store.write('/others', String(round));
        assert.equal(await test.host.xen.platform.store.read('/others'), String(round));
        assert.ok(test.events.length - before <= 10 * 16_384, 'ten pieces are more than enough');
      }
      await test.host.guests.destroy(guest.domain);
      assert.ok(test.output().every((line) => line.length <= 4096));
      test.assertGone(guest, EDU);
    });
  }

  test('prints more than a text can hold does not end the owner', async () => {
    await using test = await TestHost.start();
    const guest = await doing(test, 'prints more than a text can hold');
    await test.until('its output', () => test.events.length > 10);
    await test.host.guests.destroy(guest.domain);
    test.assertGone(guest, EDU);
  });

  test('prints and returns is heard to its end, and then it has ended', async () => {
    await using test = await TestHost.start();
    const guest = await doing(test, 'prints and returns');
    assert.equal((await test.host.guests.ended(guest.domain)).how, 'exit');
    assert.ok(test.output().join('') === `${'é'.repeat(100_000)}last`);
  });

  for (const way of ['floods its port', 'sends large things', 'floods its parent', 'asks and floods']) {
    test(`${way} is ended`, async () => {
      await using test = await TestHost.start();
      const steady = await test.run('ends', ['02:00.0'], { arguments: ['sleeps'], name: 'steady' });
      await test.report(steady, 'ready');
      const guest = await doing(test, way);
      const end = await test.host.guests.ended(guest.domain);
      assert.ok(end.how === 'crash', end.how);
      assert.match(end.error.message, /^domain \d+ was ended: it sent /);
      test.assertGone(guest, EDU);
      await test.detach(steady, '02:00.0');
    });
  }

  test('waits in a system call of its own is gone before that returns', async () => {
    await using test = await TestHost.start();
    const guest = await doing(test, 'waits in a system call');
    await sleep(200);
    await test.host.guests.destroy(guest.domain);
    test.assertGone(guest, EDU);
    const next = await test.run('ends', [EDU], { arguments: ['returns'], name: 'next' });
    assert.equal((await test.host.guests.ended(next.domain)).how, 'exit');
  });

  for (const way of ['has threads of its own', 'closes its port']) {
    test(`${way} can be destroyed`, async () => {
      await using test = await TestHost.start();
      const guest = await doing(test, way);
      await sleep(100);
      await test.host.guests.destroy(guest.domain);
      test.assertGone(guest, EDU);
    });
  }

  test('closes and closes again is followed once', async () => {
    await using test = await TestHost.start();
    const guest = await doing(test, 'closes and closes again');
    const told = () =>
      test.events.flatMap((event) =>
        event.of === 'back end' && event.event.event === 'state' ? [event.event.state] : [],
      );
    await test.until('Closed', () => told().includes(XenbusState.closed));
    const before = told();
    await sleep(300);
    assert.deepEqual(told(), before, 'from Closed nobody comes back');
    // Closing may be over before the back end has looked.
    assert.ok(before.length <= 5, before.join(' '));
    await test.detach(guest, EDU);
    assert.equal(test.state(EDU), 'free');
  });

  for (const way of ['says connected all the time', 'says anything all the time']) {
    test(`${way} keeps nothing by that`, async () => {
      await using test = await TestHost.start(undefined, { patience: 2000 });
      const guest = await doing(test, way);
      await sleep(200);
      // It may agree by chance; a refusal is one that says who did not answer, or was in the way.
      const code = await test.detach(guest, EDU).then(() => undefined, codeOf);
      if (code !== undefined) {
        assert.match(code, /^(GUEST_SILENT|BACK_END_SILENT|PAIR_CLOSED|XENSTORE_CONTENDED)$/);
        assert.equal(test.state(EDU), 'taken');
        await test.detach(guest, EDU, true);
      }
      assert.equal(test.state(EDU), 'free');
      await test.host.guests.destroy(guest.domain);
      test.assertGone(guest, EDU);
    });
  }

  test('never answers keeps its function, until it is taken by force', async () => {
    await using test = await TestHost.start(undefined, { patience: 2000 });
    const guest = await test.run('ends', [EDU], { arguments: ['loops'] });
    await test.report(guest, 'ready');
    for (let round = 0; round < 2; round++) {
      await assert.rejects(test.detach(guest, EDU), { code: 'GUEST_SILENT' });
      assert.equal(test.state(EDU), 'taken');
    }
    await assert.rejects(test.attach(guest, NVME), { code: 'GUEST_SILENT' });
    assert.equal(test.state(NVME), undefined, 'it went back to its driver');
    const report = await test.detach(guest, EDU, true);
    assert.equal(report.forced, true);
    assert.equal(test.state(EDU), 'free');
    const next = await test.run('ends', [EDU], { arguments: ['returns'], name: 'next' });
    assert.equal((await test.host.guests.ended(next.domain)).how, 'exit');
    await test.host.guests.destroy(guest.domain);
    test.assertGone(guest, EDU);
  });
});
