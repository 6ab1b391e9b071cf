/** Devices that fail in a guest's hands: pulled out, hung, storming, reaching for what is not theirs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeHostEvent } from '../../src/admin/index.js';
import { TestHost } from './embedded.js';

const [EDU, NVME, CLEARING] = ['01:00.0', '02:00.0', '00:05.0'];

const why = (test: TestHost, text: string): string | undefined => {
  const member = test.host.pool.list().find(({ address }) => address.equals(test.address(text)));
  return member?.state === 'quarantined' ? member.why : undefined;
};

/** What an administrator does with a function that is in quarantine and well again. */
async function giveASecondChance(test: TestHost, text: string): Promise<void> {
  await test.host.claims.release(test.address(text));
  await test.host.claims.claim(test.address(text));
  assert.equal(test.state(text), 'free');
}

describe('a function in a guest’s hands', () => {
  test('that is pulled out reads all ones, comes back into quarantine, and works when it is put in again', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('watches-identity', [EDU]);
    assert.equal(await test.report(guest, 'identity'), '10000ed');
    test.machine.inject(test.address(EDU), { fault: 'removed' });
    await test.until('all ones', () => test.output().includes('ffffffff'));
    // Its guest is well, and lets go of it like of any other.
    const { forced } = await test.detach(guest, EDU);
    assert.equal(forced, false);
    assert.match(why(test, EDU) ?? '', /gone|removed|not there|all ones/i);
    await assert.rejects(test.attach(guest, EDU), { code: 'FUNCTION_QUARANTINED' });
    test.machine.clear(test.address(EDU), 'removed');
    await giveASecondChance(test, EDU);
    await test.attach(guest, EDU);
    await test.until('its identity again', () => test.output().at(-1) === '10000ed');
  });

  test('that is pulled out is taken back from a guest that dies, too', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('ends', [EDU], { arguments: ['reads'] });
    await test.report(guest, 'ready');
    test.machine.inject(test.address(EDU), { fault: 'removed' });
    await test.host.guests.destroy(guest.domain);
    test.assertGone(guest);
    assert.equal(test.state(EDU), 'quarantined');
    assert.deepEqual(
      test.events.filter(({ of }) => of === 'tool stack' || of === 'hypervisor'),
      [],
    );
  });

  test('whose reset hangs is kept from everybody, and the list says why', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('ends', [NVME], { arguments: ['sleeps'] });
    await test.report(guest, 'ready');
    test.machine.inject(test.address(NVME), { fault: 'hung_reset' });
    await test.detach(guest, NVME);
    assert.match(why(test, NVME) ?? '', /hangs/);
    await assert.rejects(test.attach(guest, NVME), { code: 'FUNCTION_QUARANTINED' });
    test.machine.clear(test.address(NVME), 'hung_reset');
    await giveASecondChance(test, NVME);
    await test.attach(guest, NVME);
    assert.equal(test.state(NVME), 'taken');
  });

  test('that storms a guest which does not care leaves everybody else in peace', async () => {
    await using test = await TestHost.start(undefined, { patience: 300 });
    const deaf = await test.run('probes', [EDU], { arguments: ['deaf'] });
    await test.report(deaf, 'ready');
    test.machine.inject(test.address(EDU), { fault: 'interrupt_storm', every: 1000 });
    const other = await test.run('probes', ['00:03.1'], {
      arguments: ['interruptsWhileBlocked'],
      name: 'other',
    });
    const { raised, counted } = JSON.parse(await test.report(other, 'result')) as Record<string, number>;
    assert.equal(counted, raised);
    // The pin that it holds is a line of others as well: who shares it hears of it and goes on.
    const sharing = await test.run('ends', [CLEARING], { arguments: ['sleeps'], name: 'sharing' });
    await test.report(sharing, 'ready');
    await test.detach(deaf, EDU, true);
    test.machine.clear(test.address(EDU), 'interrupt_storm');
    await test.host.guests.destroy(deaf.domain);
    test.assertGone(deaf, EDU);
  });

  test('whose DMA goes wrong reaches nothing, and is told of in a few words', async () => {
    await using test = await TestHost.start();
    const steady = await test.run('ends', [NVME], { arguments: ['sleeps'], name: 'steady' });
    await test.report(steady, 'ready');
    const memory = new Uint8Array(
      test.host.xen.domain(steady.domain)?.memory.buffer ?? new SharedArrayBuffer(0),
    );
    memory.fill(0x5a, memory.length / 2);
    const guest = await test.run('probes', [], { arguments: ['transfersAnywhere'], paused: true });
    await test.attach(guest, '00:03.3');
    await test.host.guests.unpause(guest.domain);
    const transfers = Number(await test.report(guest, 'result'));
    assert.ok(transfers >= 1000);
    assert.ok(test.machine.iommuFaults.count >= transfers, `${test.machine.iommuFaults.count} faults`);
    const told = test.events.filter((event) => event.of === 'IOMMU');
    assert.ok(told.length > 0 && told.length < transfers / 10, `${told.length} were told`);
    assert.match(describeHostEvent(told[0] ?? { of: 'tool stack', doing: '', error: '' }), /was stopped/);
    assert.ok(memory.subarray(memory.length / 2).every((byte) => byte === 0x5a));
  });
});
