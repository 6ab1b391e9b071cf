/** The native platform in the lab's dom0: pages, channels and the store with itself, permissions with a paused guest. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { notations, walkCapabilities } from '../../src/pci/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import {
  KernelBackends,
  openNativeGuest,
  openNativePlatform,
  XenbusTransport,
} from '../../src/xen/native/index.js';
import type {
  EventPort,
  GrantReference,
  GuestPlatform,
  MachineFrame,
  XenPlatform,
} from '../../src/xen/platform.js';
import { XenStoreClient } from '../../src/xen/store/index.js';

const EDU = notations.hex.parse('00:05.0');
const ETHERNET = notations.hex.parse('00:07.0');
const DOM0 = domainId(0);

let platform: XenPlatform;
let guest: GuestPlatform;
before(async () => {
  platform = await openNativePlatform();
  guest = await openNativeGuest();
});
after(async () => {
  await guest[Symbol.asyncDispose]();
  await platform[Symbol.asyncDispose]();
});

describe('with itself', () => {
  test('a granted page is one memory, and a reference that was not granted is refused', () => {
    const mine = guest.sharePage(DOM0);
    const theirs = platform.mapGrant(DOM0, mine.reference);
    const [here, there] = [mine.bytes, theirs.bytes].map((bytes) => new Int32Array(bytes.buffer, 0, 1024));
    assert.ok(here !== undefined && there !== undefined);
    assert.ok(here.every((word) => word === 0));
    here[7] = 0x1234;
    assert.equal(Atomics.load(there, 7), 0x1234);
    Atomics.or(there, 7, 0x8000);
    assert.equal(here[7], 0x9234);
    theirs.close();
    theirs.close();
    mine.close();
    mine.close();
    assert.throws(() => platform.mapGrant(DOM0, mine.reference), { code: 'XEN_CALL_FAILED' });
    assert.throws(() => platform.mapGrant(DOM0, 0x7fff_fff0 as GrantReference), { code: 'XEN_CALL_FAILED' });
  });

  test('pages are given back: more than the kernel has for a domain at once', () => {
    // gntalloc's limit is 1024 pages.
    for (let count = 0; count < 1500; count++) guest.sharePage(DOM0).close();
  });

  test('an event wakes us once for each notify, and none after close', async () => {
    const offered = guest.offerChannel(DOM0);
    let events = 0;
    const channel = platform.bindChannel(DOM0, offered.port, () => {
      events++;
      return false;
    });
    const arrived = async (count: number) => {
      for (let tries = 0; tries < 200 && events < count; tries++) await sleep(20);
      // And no further one comes.
      await sleep(50);
      assert.equal(events, count);
    };
    // Binding raises the channel once, by Xen's own doing.
    for (let count = 1; count <= 6; count++) {
      await arrived(count);
      offered.notify();
    }
    await arrived(7);
    channel.close();
    offered.notify();
    await arrived(7);
    offered.close();
    offered.close();
    assert.throws(() => platform.bindChannel(DOM0, 4000 as EventPort, () => false), {
      code: 'XEN_CALL_FAILED',
    });
  });

  test('a wait blocks until the other end notifies, and no longer than it may', async () => {
    const offered = guest.offerChannel(DOM0);
    const channel = platform.bindChannel(DOM0, offered.port, () => false);
    const timed = (milliseconds: number) => {
      const start = performance.now();
      const came = offered.wait(milliseconds);
      return { came, took: performance.now() - start };
    };
    while (offered.wait(50)) await sleep(1);
    const empty = timed(100);
    assert.equal(empty.came, false);
    assert.ok(empty.took >= 99, `waited ${empty.took} ms`);
    for (let round = 0; round < 3; round++) {
      channel.notify();
      assert.equal(timed(5000).came, true);
      assert.equal(timed(20).came, false);
    }
    // One that comes while the last is not yet taken waits behind it; any number of them are one.
    for (let count = 0; count < 10; count++) channel.notify();
    assert.deepEqual([timed(5000).came, timed(5000).came, timed(20).came], [true, true, false]);
    channel.close();
    offered.close();
    assert.equal(offered.wait(1000), false);
  });

  test('the store through /dev/xen/xenbus: values, a transaction, a watch, the longest message, an end', async () => {
    await using store = new XenStoreClient(new XenbusTransport());
    const at = '/local/domain/0/openslot-lab';
    await store.write(at, 'x');
    const seen: string[] = [];
    const watch = await store.watch(at, (path) => {
      seen.push(path);
    });
    await store.transaction(async (tx) => {
      await tx.write(`${at}/a`, '1');
      await tx.write(`${at}/b`, (await tx.read(`${at}/a`)) ?? '');
    });
    assert.deepEqual([await store.read(`${at}/b`), await store.list(at)], ['1', ['a', 'b']]);
    const longest = 4080 - at.length - 1;
    await store.write(at, 'v'.repeat(longest));
    assert.equal((await store.read(at))?.length, longest);
    await assert.rejects(store.write(at, 'v'.repeat(longest + 1)), { code: 'XENSTORE_E2BIG' });
    await sleep(50);
    assert.ok(seen.includes(`${at}/b`));
    await watch.unwatch();
    assert.equal(await store.remove(at), true);
    assert.equal(await store.read('domid'), '0');
  });

  test('quarantine takes a function and gives it back', () => {
    platform.assignment.quarantine(EDU);
    assert.throws(
      () => {
        platform.assignment.quarantine(notations.hex.parse('00:1e.7'));
      },
      { code: 'XEN_CALL_FAILED' },
    );
    platform.assignment.unquarantine(EDU);
  });

  test('the MSI-X table is protected once', () => {
    assert.equal(platform.assignment.prepareMsix(ETHERNET), true);
    assert.equal(platform.assignment.prepareMsix(ETHERNET), false);
    platform.assignment.releaseMsix(ETHERNET);
    assert.equal(platform.assignment.prepareMsix(ETHERNET), true);
    platform.assignment.releaseMsix(ETHERNET);
    // Never asked for a function without MSI-X: Xen 4.17 dereferences a null pointer there and panics.
  });

  test('the kernel’s probing of back ends is stopped, and comes back as it was before the first who stopped it', async () => {
    const file = '/sys/bus/xen-backend/drivers_autoprobe';
    const probing = () => readFileSync(file, 'latin1').trim();
    for (const before of ['1', '0']) {
      writeFileSync(file, before);
      const stop = () => KernelBackends.keepOff(platform.store, DOM0, () => undefined, '/tmp/native.probing');
      // Its process ends without a word.
      await stop();
      const off = await stop();
      assert.equal(probing(), '0');
      await off[Symbol.asyncDispose]();
      assert.equal(probing(), before);
    }
    writeFileSync(file, '1');
  });
});

/** What Xen itself says of a domain (debug key q): ranges of interrupts, memory frames and ports. */
function ranges(guest: DomainId): { interrupts: string; memory: string; ports: string } {
  execFileSync('xl', ['dmesg', '-c']);
  execFileSync('xl', ['debug-keys', 'q']);
  const text = execFileSync('xl', ['dmesg'], { encoding: 'utf8' });
  const own = text.slice(text.indexOf(`Rangesets belonging to domain ${guest}:`));
  const of = (name: string) => new RegExp(`${name} *\\{ *([^}]*?) *\\}`).exec(own)?.[1] ?? 'absent';
  return { interrupts: of('Interrupts'), memory: of('I/O Memory'), ports: of('I/O Ports') };
}

describe('with a paused guest', () => {
  let paused: DomainId;
  before(() => {
    writeFileSync(
      '/tmp/paused.cfg',
      [
        'name="paused"',
        'type="pv"',
        'kernel="/images/vmlinux.elf"',
        'memory=160',
        'vcpus=1',
        'passthrough="enabled"',
      ].join('\n'),
    );
    execFileSync('xl', ['create', '-q', '-p', '/tmp/paused.cfg']);
    paused = domainId(Number(execFileSync('xl', ['domid', 'paused'], { encoding: 'utf8' })));
  });
  after(() => {
    for (const address of [EDU, ETHERNET]) {
      try {
        platform.assignment.deassign(paused, address);
      } catch {
        // Taken back by the test itself.
      }
    }
    spawnSync('xl', ['destroy', 'paused']);
  });

  test('it does not run, and what it was made without is known', () => {
    const vm = execFileSync('xenstore-read', [`/local/domain/${paused}/vm`], { encoding: 'utf8' }).trim();
    const uuid = vm.slice('/vm/'.length);
    assert.deepEqual(platform.status(paused, uuid), {
      type: 'pv',
      paused: true,
      lacking: ['e820_host=1'],
    });
    assert.equal(platform.status(DOM0, uuid).paused, false);
    assert.throws(() => platform.status(domainId(4242), uuid), { code: 'XEN_CALL_FAILED', errno: 'ESRCH' });
  });

  test('memory and ports are allowed and denied, as Xen itself lists them, and nothing else is', () => {
    const none = ranges(paused);
    assert.deepEqual([none.memory, none.ports], ['', '']);
    assert.notEqual(none.interrupts, 'absent');
    platform.permissions.memory(paused, 0xfea00 as MachineFrame, 0x100, true);
    platform.permissions.ports(paused, 0xc000, 0x20, true);
    assert.deepEqual(ranges(paused), { ...none, memory: 'fea00-feaff', ports: 'c000-c01f' });
    platform.permissions.memory(paused, 0xfea00 as MachineFrame, 0x100, false);
    platform.permissions.ports(paused, 0xc000, 0x20, false);
    assert.deepEqual(ranges(paused), none);
  });

  test('a function is assigned, its INTx, MSI and MSI-X become pirqs of the guest, and all ends', () => {
    for (const address of [EDU, ETHERNET]) platform.assignment.assign(paused, address);
    const gsi = Number(readFileSync(`/sys/bus/pci/devices/${EDU}/irq`, 'latin1'));
    const intx = platform.pirqs.map(paused, { kind: 'intx', gsi });
    platform.permissions.interrupt(paused, intx, true);
    assert.ok(intx > 0);
    const msi = platform.pirqs.map(paused, { kind: 'msi', function: EDU });
    assert.ok(msi > 0 && msi !== intx);
    using ethernet = new LinuxMachine().open(ETHERNET);
    ethernet.setEnabled(true);
    const capability = walkCapabilities(ethernet.config).entries.find(({ id }) => id === 0x11)?.offset ?? 0;
    const control = ethernet.config.read(capability + 2, 2);
    // On and masked, as the back end leaves it for Xen to fill the table.
    ethernet.config.write(capability + 2, 2, control | 0xc000);
    const table = ethernet.config.read(capability + 4, 4) & 7;
    const tableBar = ethernet.regions.find(({ index }) => index === table)?.address ?? 0n;
    const map = (entry: number) =>
      platform.pirqs.map(paused, { kind: 'msix', function: ETHERNET, entry, tableBar });
    // Xen knows where the table of a guest's function is only from prepareMsix.
    assert.throws(() => map(0), { code: 'XEN_CALL_FAILED', errno: 'ENODATA' });
    assert.equal(platform.assignment.prepareMsix(ETHERNET), true);
    const msix = [0, 1, 2].map(map);
    assert.equal(new Set([intx, msi, ...msix]).size, 5);
    for (const pirq of [msi, ...msix]) platform.pirqs.unmap(paused, pirq);
    platform.assignment.releaseMsix(ETHERNET);
    platform.permissions.interrupt(paused, intx, false);
    platform.pirqs.unmap(paused, intx);
    assert.throws(
      () => {
        platform.pirqs.unmap(paused, msi);
      },
      { code: 'XEN_CALL_FAILED' },
    );
    ethernet.config.write(capability + 2, 2, control);
    ethernet.setEnabled(false);
    for (const address of [EDU, ETHERNET]) platform.assignment.deassign(paused, address);
  });

  test('without assignment there are no pirqs: Xen checks who owns the function', () => {
    assert.throws(() => platform.pirqs.map(paused, { kind: 'msi', function: EDU }), {
      code: 'XEN_CALL_FAILED',
    });
  });

  test('a domain that is not there is refused', () => {
    assert.throws(
      () => {
        platform.permissions.ports(domainId(4242), 0xc000, 1, true);
      },
      { code: 'XEN_CALL_FAILED' },
    );
  });
});

test('without privilege Xen is refused, with the next step', () => {
  const { status, stderr } = spawnSync(process.execPath, ['/openslot/dist/src/command/main.js', 'serve'], {
    encoding: 'utf8',
    uid: 65534,
    gid: 65534,
    env: {
      PATH: process.env['PATH'] ?? '',
      XDG_RUNTIME_DIR: '/tmp/nobody',
      OPENSLOT_RUNTIME_DIR: '/tmp/nobody',
    },
  });
  assert.equal(status, 1);
  assert.match(stderr, /^error XEN_PERMISSION: \/dev\/xen\/privcmd /);
  assert.match(stderr, /^next {2}run/m);
});
