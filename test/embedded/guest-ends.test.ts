/** However a guest ends, its function comes back reset and restored, nothing of it stays, and others go on. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DomainEnd } from '../../src/xen/local/index.js';
import { TestHost } from './embedded.js';

const EDU = '01:00.0';

/** Ours is given its function while it runs; one that takes no changes must have it before. */
const FRONT_ENDS = [
  {
    name: 'a guest',
    start: (test: TestHost, functions: readonly string[], options: { arguments: string[]; name?: string }) =>
      test.run('ends', functions, options),
  },
  {
    name: 'a guest with a strict front end',
    start: (test: TestHost, functions: readonly string[], options: { arguments: string[]; name?: string }) =>
      test.runCold('strict', functions, options),
  },
];

for (const { name, start } of FRONT_ENDS) {
  describe(name, () => {
    const byItself: readonly (readonly [string, (end: DomainEnd) => boolean])[] = [
      ['returns', (end) => end.how === 'exit' && end.code === 0],
      ['throws', (end) => end.how === 'crash' && String(end.error).includes('as the test wants it')],
      ['exits', (end) => end.how === 'exit' && end.code === 7],
    ];
    for (const [how, expected] of byItself) {
      test(`that ${how} gives everything back`, async () => {
        await using test = await TestHost.start();
        const guest = await start(test, [EDU], { arguments: [how] });
        const end = await test.ended(guest);
        assert.ok(expected(end), JSON.stringify(end));
        test.assertGone(guest, EDU);
      });
    }

    for (const how of ['loops', 'sleeps', 'reads', 'configures'] as const) {
      test(`that ${how} can be destroyed`, async () => {
        await using test = await TestHost.start();
        const guest = await start(test, [EDU], { arguments: [how] });
        await test.report(guest, 'ready');
        await sleep(20);
        await test.host.guests.destroy(guest.domain);
        test.assertGone(guest, EDU);
        // The next guest gets the function as if nothing had been.
        const next = await start(test, [EDU], { arguments: ['returns'], name: 'next' });
        assert.equal((await test.ended(next)).how, 'exit');
      });
    }

    test('that is destroyed with a DMA in flight is not written to any more', async () => {
      await using test = await TestHost.start();
      const guest = await start(test, [EDU], { arguments: ['transfers'] });
      const memory = test.host.xen.domain(guest.domain)?.memory;
      assert.ok(memory !== undefined);
      const target = Number(await test.report(guest, 'started')) - memory.base;
      const faults = test.machine.iommuFaults.count;
      await test.host.guests.destroy(guest.domain);
      test.assertGone(guest, EDU);
      // Long enough for the transfer to be over, had the reset not ended it.
      await sleep(250);
      assert.ok(new Uint8Array(memory.buffer, target, 64).every((byte) => byte === 0x5a));
      assert.equal(
        test.machine.iommuFaults.count,
        faults,
        'reset before it could reach for memory that it has lost',
      );
    });

    test('that ends does not disturb another one', async () => {
      await using test = await TestHost.start();
      const steady = await start(test, ['02:00.0'], { arguments: ['sleeps'], name: 'steady' });
      await test.report(steady, 'ready');
      for (const how of ['throws', 'exits', 'returns']) {
        const guest = await start(test, [EDU], { arguments: [how], name: how });
        await test.ended(guest);
        test.assertGone(guest, EDU);
      }
      assert.equal(test.state('02:00.0'), 'taken');
      await test.host.guests.destroy(steady.domain);
      test.assertGone(steady, '02:00.0');
    });
  });
}

describe('a guest', () => {
  test('whose program is none says why, and is never there', async () => {
    await using test = await TestHost.start();
    await assert.rejects(test.host.guests.run({ file: '/nowhere.js' }), { code: 'GUEST_PROGRAM' });
    await assert.rejects(test.run('ends', [], { name: 'no name' }), { code: 'GUEST_OPTIONS' });
    await assert.rejects(test.run('ends', [], { memory: 1 }), { code: 'GUEST_OPTIONS' });
    await assert.rejects(test.run('ends', [], { memory: 2 ** 40 }), { code: 'MACHINE_MEMORY' });
    assert.deepEqual(test.host.guests.list(), []);
    await assert.rejects(test.run('no-program'), { code: 'GUEST_PROGRAM', message: /exports no default/ });
    assert.deepEqual(test.host.guests.list(), []);
    assert.deepEqual(
      [...test.host.store.nodes('/local/domain')].map(({ path }) => path),
      ['/local/domain'],
    );
  });

  test('that is asked to end sees its bus close, and ends', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('follows', [EDU]);
    assert.equal(await test.report(guest, 'seen'), 'attached');
    await test.host.guests.shutdown(guest.domain);
    assert.deepEqual(await test.host.guests.ended(guest.domain), { how: 'exit', code: 0 });
    test.assertGone(guest, EDU);
    assert.deepEqual(test.output(), ['aborted true']);
  });

  test('that crashes is told with its place in the program', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('ends', [EDU], { arguments: ['throws'] });
    await test.host.guests.ended(guest.domain);
    assert.ok(
      test.output().some((line) => /^\s+at ends .*guests\/ends\.js:\d+/.test(line)),
      test.output().join('\n'),
    );
  });

  test('is not started any more while what it had is being taken back', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('ends', [EDU], { paused: true });
    const destroyed = test.host.guests.destroy(guest.domain);
    await assert.rejects(test.host.guests.unpause(guest.domain), { code: 'GUEST_GONE' });
    await destroyed;
  });

  test('leaves no memory, no range of the machine and no key behind: two thousand in a row', async () => {
    await using test = await TestHost.start();
    const nodes = () => [...test.host.store.nodes()].length;
    let after = 0;
    const domains: WeakRef<object>[] = [];
    const bases = new Set<number>();
    for (let number = 0; number < 2000; number++) {
      const guest = await test.run('ends', [], { paused: true, memory: 2 ** 16 });
      const domain = test.host.xen.domain(guest.domain);
      assert.ok(domain !== undefined);
      bases.add(domain.memory.base);
      domains.push(new WeakRef(domain), new WeakRef(domain.context));
      await test.host.guests.destroy(guest.domain);
      // The first one leaves the directories that guests stand in.
      if (number === 0) after = nodes();
    }
    assert.equal(bases.size, 1, 'all had the same memory, one after the other');
    assert.equal(nodes(), after);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await test.until('their end', () => {
      collect();
      return domains.filter((one) => one.deref() !== undefined).length <= 4;
    });
  });
});
