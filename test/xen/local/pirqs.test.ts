/** Pirqs of the embedded Xen: lines that several functions and domains share, messages, and running out of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PciAddress } from '../../../src/pci/index.js';
import type { Pirq } from '../../../src/xen/platform.js';
import { disk, testdev } from '../../function/shapes.js';
import { lineOf } from '../../function/simulated-host.js';
import { LocalHost } from '../local-host.js';

const DISK = disk().address;
/** On the disk's line. */
const OTHER = new PciAddress(0, 0, 0x10, 0);
const LINE = (lineOf(disk()) ?? 0) as Pirq;

function host(): LocalHost {
  return new LocalHost([disk(), { ...testdev(OTHER), regions: [], pin: 1 }]);
}

/** Maps the line for a domain and lets it bind it. */
function line(all: LocalHost, id: number): Pirq {
  const { pirqs, permissions } = all.xen.platform;
  const guest = all.domain(id).id;
  const pirq = pirqs.map(guest, { kind: 'intx', gsi: LINE });
  permissions.interrupt(guest, pirq, true);
  return pirq;
}

describe('lines', () => {
  test('are the number that the interrupt line register shows, in every domain', async () => {
    await using all = host();
    for (const address of [DISK, OTHER]) {
      using fn = all.machine.open(address);
      assert.equal(fn.interruptLine, LINE);
    }
    assert.deepEqual([line(all, 1), line(all, 2)], [LINE, LINE]);
    const [first, second] = [1, 2].map((id) => all.guestPlatform(id).pirqs.bind(LINE));
    all.machine.device(OTHER).bus.setPin(true);
    assert.deepEqual([first?.take(), second?.take()], [1, 1]);
    // Both functions hold it: only when both are quiet does it come no more.
    all.machine.device(DISK).bus.setPin(true);
    all.machine.device(OTHER).bus.setPin(false);
    first?.acknowledge();
    assert.deepEqual([first?.take(), second?.take()], [1, 0]);
    all.machine.device(DISK).bus.setPin(false);
    first?.acknowledge();
    assert.deepEqual([first?.take(), second?.take()], [0, 0]);
  });

  test('are mapped once for a domain, however many of its functions have them', async () => {
    await using all = host();
    const guest = all.domain(1).id;
    assert.deepEqual([line(all, 1), line(all, 1)], [LINE, LINE]);
    all.xen.platform.pirqs.unmap(guest, LINE);
    assert.throws(() => all.guestPlatform(1).pirqs.bind(LINE), { code: 'XEN_CALL_FAILED' });
    assert.throws(
      () => {
        all.xen.platform.pirqs.unmap(guest, LINE);
      },
      { code: 'XEN_CALL_FAILED' },
    );
  });

  test('are bound only by whom they were mapped for and allowed to, and once', async () => {
    await using all = host();
    const pirq = line(all, 1);
    const bound = all.guestPlatform(1).pirqs.bind(pirq);
    const again = () => all.guestPlatform(1).pirqs.bind(pirq);
    assert.throws(again, { errno: 'EBUSY' });
    assert.throws(() => all.guestPlatform(2).pirqs.bind(pirq), { errno: 'EINVAL' });
    bound.close();
    all.xen.platform.permissions.interrupt(all.domain(1).id, pirq, false);
    assert.throws(again, { errno: 'EPERM' });
  });
});

describe('messages', () => {
  test('have numbers that no line has', async () => {
    await using all = host();
    const pirq = all.xen.platform.pirqs.map(all.domain(1).id, { kind: 'msi', function: DISK });
    assert.ok(pirq > 0xff, String(pirq));
  });

  test('that the machine has none left for leave no pirq behind', async () => {
    await using all = host();
    const guest = all.domain(1).id;
    const { pirqs } = all.xen.platform;
    const taken: Disposable[] = [];
    const takeAll = () => {
      for (;;) taken.push(all.machine.host.allocateMessage(DISK, () => undefined));
    };
    assert.throws(takeAll, { code: 'MACHINE_MESSAGES' });
    for (let tries = 0; tries < 3; tries++)
      assert.throws(() => pirqs.map(guest, { kind: 'msi', function: DISK }), { errno: 'ENOSPC' });
    taken[0]?.[Symbol.dispose]();
    const pirq = pirqs.map(guest, { kind: 'msi', function: DISK });
    assert.equal(pirq, 256, 'the first number is free');
  });
});
