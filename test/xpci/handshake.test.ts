/** The front end's life with our back end: states, enumeration, hot changes, pairs that come and go. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { PciAddress } from '../../src/pci/index.js';
import { PairTakenError, Xpci } from '../../src/xpci/index.js';
import {
  toolStackAttaches,
  toolStackCreates,
  toolStackRemovesPair,
  toolStackDetaches,
  toolStackForgets,
} from '../pciback/front-end.js';
import { permissions } from '../xen/store/tree-text.js';
import { disk, testdev } from '../function/shapes.js';
import { BACK, DISK, EDU, FRONT, GuestHost, NOTHING_HELD, take } from './guest.js';

const FIRST = new PciAddress(0, 0, 0, 0);
const SECOND = new PciAddress(0, 0, 1, 0);

const addresses = (xpci: Xpci) => xpci.list().map(({ address }) => String(address));

async function connected(...devices: readonly string[]) {
  const host = await GuestHost.start();
  const { store } = host.platform;
  await toolStackCreates(store, host.id, devices);
  return { host, store, xpci: await Xpci.connect(host.guest) };
}

describe('one pair', () => {
  test('connects, lists what the back end exports, and closes in order', async () => {
    const { host, xpci } = await connected(DISK, EDU);
    await using _ = host;
    assert.equal(host.states, '4/4');
    assert.deepEqual(
      xpci.list().map(({ address, vendor, device, classCode }) => [`${address}`, vendor, device, classCode]),
      [
        ['0000:00:00.0', 0x1b36, 0x0010, 0x010802],
        ['0000:00:01.0', 0x1234, 0x11e8, 0x00ff00],
      ],
    );
    assert.throws(() => xpci.open(new PciAddress(0, 0, 2, 0)), { code: 'FUNCTION_NOT_FOUND' });
    await xpci.close();
    await host.settled(() => host.states === '6/6');
    assert.deepEqual(host.held, NOTHING_HELD);
    assert.deepEqual(addresses(xpci), []);
    await assert.rejects(xpci.connected(), { code: 'BACK_END_GONE' });
  });

  test('is waited for, and the wait has an end', async () => {
    await using host = await GuestHost.start();
    await assert.rejects(Xpci.connect(host.guest, { withinMs: 20 }), { code: 'NO_PCI_PAIR' });
    const coming = Xpci.connect(host.guest);
    await sleep(20);
    await toolStackCreates(host.platform.store, host.id, [EDU]);
    await using xpci = await coming;
    assert.deepEqual(addresses(xpci), ['0000:00:00.0']);
  });

  test('hot attach and detach: an open function ends, the others go on', async () => {
    const { host, store, xpci } = await connected(DISK);
    await using _ = host;
    const changes = xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    const first = xpci.open(FIRST);
    await toolStackAttaches(store, host.id, EDU);
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:01.0']);
    await host.settled(() => host.states === '4/4');
    const second = xpci.open(SECOND);
    assert.equal(second.config.read(0, 4), 0x11e8_1234);
    const region = second.openRegion(0);
    region.write32(4, 0x1234_5678);
    assert.equal(region.read32(4), 0x1234_5678);
    await toolStackDetaches(store, host.id, EDU);
    assert.deepEqual(await take(changes, 1), ['detached 0000:00:01.0']);
    await host.settled(() => host.states === '4/4');
    await toolStackForgets(store, host.id, EDU);
    // What the program still holds reads as an empty bus does, and what it writes reaches nobody.
    assert.deepEqual(
      [second.config.read(0, 4), second.config.read(4, 2), second.config.read(0x3c, 1)],
      [0xffff_ffff, 0xffff, 0xff],
    );
    second.config.write(4, 2, 4);
    assert.deepEqual(
      [region.read8(0), region.read16(0), region.read32(4), region.read64(8)],
      [0xff, 0xffff, 0xffff_ffff, 0xffff_ffff_ffff_ffffn],
    );
    region.write32(4, 1);
    assert.throws(() => second.openRegion(0), { code: 'REGION_REFUSED' });
    assert.throws(() => region.read32(1), { code: 'REGION_UNALIGNED' });
    second.close();
    assert.throws(() => region.read32(4), { code: 'REGION_CLOSED' });
    assert.throws(() => second.config.read(0, 4), { code: 'CONFIG_REFUSED' });
    assert.equal(first.config.read(0, 4), 0x0010_1b36);
    assert.deepEqual(addresses(xpci), ['0000:00:00.0']);
    await xpci.close();
    assert.deepEqual(await take(changes, 2), ['detached 0000:00:00.0', 'end']);
  });

  test('a second function that comes before the guest is up is found with the first', async () => {
    await using host = await GuestHost.start();
    const { store } = host.platform;
    await toolStackCreates(store, host.id, [DISK]);
    await host.settled(() => host.states === '1/3');
    await toolStackAttaches(store, host.id, EDU);
    await host.settled(() => host.states === '1/3' && host.server.read(`${BACK}/state-1`) === '3');
    await using xpci = await Xpci.connect(host.guest);
    assert.deepEqual(addresses(xpci), ['0000:00:00.0', '0000:00:01.0']);
  });

  test('many hot changes leave nothing behind', async () => {
    const { host, store, xpci } = await connected(DISK);
    await using _ = host;
    const held = host.held;
    for (let round = 0; round < 20; round++) {
      await toolStackAttaches(store, host.id, EDU);
      await host.settled(() => host.states === '4/4' && xpci.list().length === 2);
      xpci.open(SECOND).openRegion(0);
      await toolStackDetaches(store, host.id, EDU);
      await host.settled(() => host.states === '4/4' && xpci.list().length === 1);
      await toolStackForgets(store, host.id, EDU);
    }
    assert.deepEqual(host.held, held);
    await xpci.close();
  });

  test('removed with its last function, and made anew: the same bus comes back', async () => {
    const { host, store, xpci } = await connected(DISK);
    await using _ = host;
    const changes = xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    const old = xpci.open(FIRST);
    // libxl removes both directories at once, while both ends are connected.
    await toolStackRemovesPair(store, host.id);
    assert.deepEqual(await take(changes, 1), ['detached 0000:00:00.0']);
    await host.settled(() => host.held['mapped'] === 0 && host.held['granted'] === 0);
    await toolStackCreates(store, host.id, [EDU]);
    await xpci.connected();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    assert.equal(old.config.read(0, 4), 0xffff_ffff);
    assert.equal(xpci.open(FIRST).config.read(0, 4), 0x11e8_1234);
    // Removed and made anew between two looks.
    await toolStackRemovesPair(store, host.id);
    await toolStackCreates(store, host.id, [DISK]);
    assert.deepEqual(await take(changes, 2), ['detached 0000:00:00.0', 'attached 0000:00:00.0']);
    assert.equal(xpci.open(FIRST).config.read(0, 4), 0x0010_1b36);
    await xpci.close();
  });

  test('the back end closes: it is followed, and a new pair is welcome', async () => {
    const { host, store, xpci } = await connected(DISK);
    await using _ = host;
    const changes = xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    await store.write(`${BACK}/state`, '5');
    assert.deepEqual(await take(changes, 1), ['detached 0000:00:00.0']);
    await host.settled(() => host.states === '6/6');
    await assert.rejects(xpci.connected(), { code: 'BACK_END_GONE' });
    await toolStackRemovesPair(store, host.id);
    await toolStackCreates(store, host.id, [EDU]);
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    await xpci.close();
  });

  test('every root is searched, and function 0 may be missing', async () => {
    // The host has functions 0, the guest gets others.
    const zero = (device: number) => ({ ...testdev(new PciAddress(0, 0, device, 0)), regions: [] });
    await using host = await GuestHost.start(zero(6), testdev(new PciAddress(0, 0, 6, 3)), zero(8), {
      ...disk(new PciAddress(0, 0, 8, 1)),
      device: 0x11,
    });
    await toolStackCreates(host.platform.store, host.id, ['0000:00:06.3', '0000:00:08.1']);
    await using xpci = await Xpci.connect(host.guest);
    assert.deepEqual(addresses(xpci), ['0000:00:00.3', '0000:00:01.1']);
  });

  test('a pair that another front end has is left alone', async () => {
    const { host, xpci } = await connected(DISK);
    await using _ = host;
    await assert.rejects(Xpci.connect(host.guest), PairTakenError);
    assert.equal(host.states, '4/4');
    assert.equal(xpci.open(FIRST).config.read(0, 2), 0x1b36);
    await xpci.close();
  });

  test('keys that cannot be used are named, and the next pair is served', async () => {
    await using host = await GuestHost.start();
    const { store } = host.platform;
    await store.mkdir(FRONT);
    await store.setPermissions(FRONT, permissions('n1', 'r0'));
    await store.write(`${FRONT}/backend`, BACK);
    await store.write(`${FRONT}/backend-id`, 'zero');
    await store.write(`${FRONT}/state`, '1');
    await assert.rejects(Xpci.connect(host.guest), { code: 'PCI_PAIR_KEYS_BAD' });
    await toolStackCreates(store, host.id, [DISK]);
    await using xpci = await Xpci.connect(host.guest);
    const changes = xpci.changes();
    assert.deepEqual(await take(changes, 1), ['attached 0000:00:00.0']);
    await store.write(`${BACK}/vdev-0`, 'nowhere');
    await toolStackDetaches(store, host.id, DISK);
    const seen = await take(changes, 2);
    assert.deepEqual(seen, ['detached 0000:00:00.0', 'failed']);
    await host.settled(() => host.states === '6/6');
  });

  test('a reader that does not read is told that it missed something', async () => {
    const { host, store, xpci } = await connected(DISK);
    await using _ = host;
    const changes = xpci.changes();
    for (let round = 0; round < 300; round++) {
      await store.transaction(async (tx) => {
        await tx.remove(FRONT);
        await tx.remove(BACK);
      });
      await host.settled(() => xpci.list().length === 0);
      await toolStackCreates(store, host.id, [DISK]);
      await xpci.connected();
    }
    await xpci.close();
    const seen: string[] = [];
    for await (const { change } of changes) seen.push(change);
    assert.equal(seen[0], 'overflow');
    assert.ok(seen.length <= 512, `${seen.length} waited`);
  });
});
