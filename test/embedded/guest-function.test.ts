/** A function in an embedded guest's hands: interrupts, protection, detach, and who else wants it. */
import assert from 'node:assert/strict';
import { MessageChannel, threadId } from 'node:worker_threads';
import { describe, test } from 'node:test';
import { connectGuest } from '../../src/xen/local/index.js';
import { TestHost } from './embedded.js';

const [EDU, NVME, TIMER] = ['01:00.0', '02:00.0', '00:03.1'] as const;

async function probe<T>(test: TestHost, name: string, fn: string): Promise<T> {
  const guest = await test.run('probes', [fn], { arguments: [name] });
  return JSON.parse(await test.report(guest, 'result')) as T;
}

describe('interrupts of an embedded guest', () => {
  test('are all counted while it is blocked in accesses', async (context) => {
    await using test = await TestHost.start();
    const { raised, counted } = await probe<{ raised: number; counted: number }>(
      test,
      'interruptsWhileBlocked',
      TIMER,
    );
    assert.ok(raised > 200, `${raised} raised`);
    assert.equal(counted, raised);
    context.diagnostic(`${raised} interrupts raised during accesses, ${counted} counted`);
  });

  test('of a level source come again until it is quiet', async () => {
    await using test = await TestHost.start();
    const { seen, quiet } = await probe<{ seen: number[]; quiet: boolean }>(test, 'levelSource', TIMER);
    assert.deepEqual(seen, [1, 1, 1]);
    assert.ok(quiet);
  });
});

describe('a guest', () => {
  test('maps what it was given and nothing else, and writes no vector table', async () => {
    await using test = await TestHost.start();
    const found = await probe<{ codes: string[]; table: number; registers: boolean }>(
      test,
      'protection',
      NVME,
    );
    assert.deepEqual(found.codes, new Array(5).fill('XEN_CALL_FAILED'));
    assert.notEqual(found.table, 0xdead_beef);
    assert.ok(found.registers, 'registers beside the table are its own');
  });

  test('loses a detached function: all ones, and its streams end', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('probes', [EDU], { arguments: ['detached'] });
    await test.report(guest, 'ready');
    await test.detach(guest, EDU);
    assert.deepEqual(JSON.parse(await test.report(guest, 'result')), {
      before: 0x0100_00ed,
      region: 0xffff_ffff,
      config: 0xffff_ffff,
      ended: 'ended',
      list: 0,
    });
    assert.equal(test.state(EDU), 'free');
  });

  test('cannot have what another one has', async () => {
    await using test = await TestHost.start();
    const first = await test.run('ends', [EDU], { arguments: ['sleeps'], name: 'first' });
    await test.report(first, 'ready');
    const second = await test.run('ends', [], { arguments: ['sleeps'], name: 'second' });
    await assert.rejects(test.attach(second, EDU), { code: 'FUNCTION_TAKEN' });
    await test.detach(first, EDU);
    await test.attach(second, EDU);
    await test.report(second, 'ready');
    assert.equal(test.state(EDU), 'taken');
  });

  test('that is paused is attached cold', async () => {
    await using test = await TestHost.start();
    const guest = await test.run('probes', [], { arguments: ['levelSource'], paused: true });
    assert.equal(guest.state, 'paused');
    assert.equal((await test.attach(guest, TIMER)).frontEnd, 'paused');
    await test.host.guests.unpause(guest.domain);
    assert.match(await test.report(guest, 'result'), /"quiet":true/);
  });

  test('cannot be on the hypervisor’s own thread', () => {
    const { port1 } = new MessageChannel();
    const handoff = {
      domain: 1,
      name: 'here',
      control: new SharedArrayBuffer(4096 * 8),
      memory: new SharedArrayBuffer(4096),
      base: 0,
      port: port1,
      thread: threadId,
      parallel: true,
    };
    assert.throws(() => connectGuest(handoff), { code: 'WOULD_DEADLOCK' });
    port1.close();
  });
});
