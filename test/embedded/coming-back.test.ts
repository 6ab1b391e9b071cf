/** A function on its way back: nobody's until it is reset and restored, in quarantine meanwhile, and afterwards where its reset fails. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { GuestInfo } from '../../src/admin/index.js';
import { SimHost } from '../../src/machines/sim/host/sim-host.js';
import { CommandBit, Header, type PciAddress } from '../../src/pci/index.js';
import { TestHost } from './embedded.js';

const EDU = '01:00.0';
/** Its memory and its command register; it copies 64 bytes to where its guest wanted them. */
const DMA_COMMAND = 0x98;

/** A gate before the resets of a function; open until it is closed. Set up before anybody opens the function. */
class ResetGate implements Disposable {
  waiting = 0;
  #open: () => void = () => undefined;
  #gate = Promise.resolve();

  constructor({ machine }: TestHost, address: PciAddress) {
    const open = machine.open.bind(machine);
    machine.open = (wanted) => {
      const fn = open(wanted);
      if (!wanted.equals(address)) return fn;
      const reset = fn.reset.bind(fn);
      fn.reset = async () => {
        this.waiting++;
        await this.#gate;
        this.waiting--;
        return reset();
      };
      return fn;
    };
  }

  close(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  /** A test that fails must end. */
  [Symbol.dispose](): void {
    this.open();
  }
}

function contextOf(host: TestHost, text: string): string | undefined {
  assert.ok(host.machine.host instanceof SimHost);
  return host.machine.host.iommu.contextOf(host.address(text))?.name;
}

/** The page of the guest that its function writes to. */
function pageOf(host: TestHost, guest: GuestInfo, started: string): Uint8Array {
  const memory = host.host.xen.domain(guest.domain)?.memory;
  assert.ok(memory !== undefined);
  return new Uint8Array(memory.buffer, Number(started) - memory.base, 64);
}

/** What became of something that may still wait. */
function follow(work: Promise<unknown>): { state: string; readonly done: Promise<void> } {
  const followed = {
    state: 'waits',
    done: work.then(
      () => {
        followed.state = 'done';
      },
      (error: unknown) => {
        followed.state = (error as { code?: string }).code ?? String(error);
      },
    ),
  };
  return followed;
}

describe('between a detach and the end of the reset', () => {
  test('the function is in quarantine and nobody’s: another attach waits, and its DMA reaches nothing', async () => {
    await using host = await TestHost.start();
    using resets = new ResetGate(host, host.address(EDU));
    const guest = await host.run('ends', [EDU], { arguments: ['transfers'] });
    const page = pageOf(host, guest, await host.report(guest, 'started'));
    const next = await host.run('nothing', [], { name: 'next' });
    const address = host.address(EDU);
    assert.equal(contextOf(host, EDU), `guest ${guest.domain}`);
    resets.close();
    const detached = follow(host.detach(guest, EDU));
    await host.until('the reset', () => resets.waiting > 0);
    assert.equal(contextOf(host, EDU), undefined, 'quarantine');
    assert.equal(host.state(EDU), 'taken');
    assert.throws(() => host.host.pool.take(address, 'the test'), { code: 'FUNCTION_TAKEN' });
    await assert.rejects(host.host.claims.release(address), { code: 'FUNCTION_TAKEN' });
    const attached = follow(host.attach(next, EDU));
    const before = page.slice();
    // On a slow machine the transfer may have met the guest's own end of it, before anything was taken back.
    const faults = host.machine.iommuFaults.count;
    // Longer than the transfer takes that was under way. Bus mastering is off, so it does not even try.
    await sleep(250);
    assert.equal(host.machine.iommuFaults.count, faults);
    {
      // One that does not care for the bus master bit.
      using fn = host.machine.open(address);
      const command = fn.config.read(Header.command, 2);
      assert.equal(command & CommandBit.busMaster, 0);
      fn.config.write(Header.command, 2, command | CommandBit.busMaster | CommandBit.memory);
      fn.openRegion(0).write32(DMA_COMMAND, 3);
      await host.until('its DMA', () => host.machine.iommuFaults.count > faults);
      assert.equal(host.machine.iommuFaults.recent.at(-1)?.context, undefined);
    }
    assert.deepEqual(page, before);
    assert.deepEqual([detached.state, attached.state], ['waits', 'waits']);
    resets.open();
    await Promise.all([detached.done, attached.done]);
    assert.deepEqual([detached.state, attached.state], ['done', 'done']);
    assert.equal(contextOf(host, EDU), `guest ${next.domain}`);
  });

  test('of a guest that was destroyed, too: who asks for it meanwhile waits', async () => {
    await using host = await TestHost.start();
    using resets = new ResetGate(host, host.address(EDU));
    const guest = await host.run('ends', [EDU], { arguments: ['sleeps'] });
    const next = await host.run('nothing', [], { name: 'next' });
    resets.close();
    const destroyed = follow(host.host.guests.destroy(guest.domain));
    await host.until('the reset', () => resets.waiting > 0);
    assert.equal(contextOf(host, EDU), undefined);
    const attached = follow(host.attach(next, EDU));
    await sleep(50);
    assert.deepEqual([host.state(EDU), attached.state], ['taken', 'waits']);
    resets.open();
    await Promise.all([destroyed.done, attached.done]);
    assert.deepEqual([destroyed.state, attached.state], ['done', 'done']);
  });

  test('a reset that fails keeps it in quarantine with the reason, from those too who waited', async () => {
    await using host = await TestHost.start();
    using resets = new ResetGate(host, host.address(EDU));
    const guest = await host.run('ends', [EDU], { arguments: ['sleeps'] });
    const next = await host.run('nothing', [], { name: 'next' });
    host.machine.inject(host.address(EDU), { fault: 'hung_reset' });
    resets.close();
    const detached = follow(host.detach(guest, EDU));
    await host.until('the reset', () => resets.waiting > 0);
    const attached = follow(host.attach(next, EDU));
    resets.open();
    await Promise.all([detached.done, attached.done]);
    assert.deepEqual([detached.state, attached.state], ['done', 'FUNCTION_QUARANTINED']);
    assert.equal(contextOf(host, EDU), undefined);
    const member = host.host.pool.list().find((one) => one.address.equals(host.address(EDU)));
    assert.ok(member?.state === 'quarantined');
    assert.match(member.why, /all ones/);
  });
});
