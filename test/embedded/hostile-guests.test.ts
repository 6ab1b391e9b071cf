/** Guests that write anything anywhere and ask for anything at any time: nobody else notices, and nothing of them stays. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { GuestInfo } from '../../src/admin/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { TestHost } from './embedded.js';

const NVME = '02:00.0';
const OTHERS = ['01:00.0', '00:03.0', '00:03.1', '00:05.0'] as const;
const WAYS = [
  'anyCall',
  'likelyCall',
  'exhaust',
  'scribbleMemory',
  'scribbleControl',
  'garbleRing',
  'garbleRequest',
  'transferAnywhere',
  'mixture',
  'states',
  'connected',
  'leavesInCall',
] as const;

/** A guest that does nothing, with a function, and what its memory holds. */
async function steadyGuest(test: TestHost) {
  const guest = await test.run('ends', [NVME], { arguments: ['sleeps'], name: 'steady' });
  await test.report(guest, 'ready');
  const memory = test.host.xen.domain(guest.domain)?.memory;
  assert.ok(memory !== undefined);
  // Its own program has its pages at the beginning.
  const bytes = new Uint8Array(memory.buffer, memory.buffer.byteLength / 2).fill(0x5a);
  const digest = () => createHash('sha256').update(bytes).digest('hex');
  const before = digest();
  return {
    /** It has what it had, and nobody has written there. */
    assertWell(): void {
      assert.equal(digest(), before);
      assert.equal(test.state(NVME), 'taken');
      assert.ok(test.host.guests.list().some(({ domain }) => domain === guest.domain));
    },
    guest,
  };
}

/** What can only be a fault of ours. */
function assertNoFaultOfOurs(test: TestHost): void {
  const faults = test.events.flatMap((event) =>
    event.of === 'hypervisor' || event.of === 'tool stack' ? [event] : [],
  );
  assert.deepEqual(faults, []);
}

/** Functions come back free, or in quarantine with the reason; of the guest there is nothing. */
async function assertNothingLeft(test: TestHost, guest: GuestInfo): Promise<void> {
  test.assertGone(guest);
  assert.equal(test.host.xen.domain(guest.domain), undefined);
  for (const text of OTHERS) {
    await test.host.pool.givenBack(test.address(text));
    const member = test.host.pool.list().find(({ address }) => address.equals(test.address(text)));
    if (member?.state === 'quarantined') assert.notEqual(member.why, '');
  }
}

describe('a hostile guest', () => {
  for (const way of WAYS) {
    test(`(${way}) harms nobody and is answered`, async () => {
      await using test = await TestHost.start();
      const steady = await steadyGuest(test);
      await checkProperty(
        `hostile-guests: ${way}`,
        fc.asyncProperty(fc.nat(0x7fff_ffff), async (seed) => {
          const guest = await test.run('hostile', OTHERS, {
            arguments: [way, String(seed), way === 'exhaust' ? '2' : '200'],
            name: `hostile-${seed}`,
            paused: true,
          });
          const printed = test.output().length;
          void test.host.guests.unpause(guest.domain).catch(() => undefined);
          const ended = test.host.guests.ended(guest.domain).then(() => true);
          let over = false;
          void ended.then(() => (over = true));
          // It may well have brought itself to a standstill.
          const enough = performance.now() + 5000;
          await test.until(
            'its end',
            () => over || test.output().length > printed || performance.now() > enough,
          );
          steady.assertWell();
          if (!over) await test.host.guests.destroy(guest.domain);
          await ended;
          await assertNothingLeft(test, guest);
          for (const text of OTHERS) assert.equal(test.state(text), 'free', text);
        }),
        { numRuns: 4, endOnFailure: true },
      );
      assertNoFaultOfOurs(test);
      await test.detach(steady.guest, NVME);
    });
  }

  test('is ended at any moment of anything', async () => {
    const round = fc.record({
      way: fc.constantFrom(...WAYS),
      seed: fc.nat(0x7fff_ffff),
      cold: fc.boolean(),
      milliseconds: fc.nat(60),
    });
    await using test = await TestHost.start();
    const steady = await steadyGuest(test);
    let number = 0;
    await checkProperty(
      'hostile-guests: ended at any moment',
      fc.asyncProperty(fc.array(round, { minLength: 4, maxLength: 4 }), async (rounds) => {
        await Promise.all(
          rounds.map(async ({ way, seed, cold, milliseconds }, index) => {
            const guest = await test.run('hostile', [], {
              arguments: [way, String(seed)],
              name: `hostile-${++number}`,
              paused: true,
            });
            const attach = () => test.attach(guest, OTHERS[index] ?? '');
            if (cold) await attach();
            void test.host.guests.unpause(guest.domain).catch(() => undefined);
            const attached = cold ? undefined : attach().catch((error: unknown) => error);
            await sleep(milliseconds);
            // It may have ended by itself.
            await test.host.guests.destroy(guest.domain).catch((error: unknown) => {
              assert.ok(error instanceof OpenslotError && error.code === 'GUEST_UNKNOWN', String(error));
            });
            const refused = await attached;
            if (refused instanceof Error) assert.ok(refused instanceof OpenslotError, String(refused));
            await test.until('the end of it', () => test.host.xen.domain(guest.domain) === undefined);
            await assertNothingLeft(test, guest);
          }),
        );
        steady.assertWell();
        const states = OTHERS.map((text) => test.state(text) ?? 'the host’s');
        assert.ok(
          states.every((state) => state === 'free' || state === 'the host’s'),
          states.join(),
        );
      }),
      { numRuns: 50, endOnFailure: true },
    );
    assertNoFaultOfOurs(test);
    // Whatever it was that they had: the next guest gets all of it, and it works.
    await test.detach(steady.guest, NVME);
    const next = await test.run('ends', [OTHERS[0]], { arguments: ['returns'], name: 'next' });
    assert.equal((await test.host.guests.ended(next.domain)).how, 'exit');
    const whole = test.host.machine.host.allocateMemory(2 ** 31 - 2 ** 20 - steady.guest.memory);
    whole.free();
  });
});
