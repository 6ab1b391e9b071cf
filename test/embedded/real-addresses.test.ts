/** Guests that see functions at their real addresses: several root buses, and a new one while the guest runs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GuestInfo } from '../../src/admin/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { TestHost } from './embedded.js';

const IDS: Readonly<Record<string, string>> = {
  '0000:01:00.0': '11e81234',
  '0000:02:00.0': '101b36',
};

const start = () => TestHost.start(undefined, { topology: 'real' });

/** Root buses as the guest is told of them. */
function roots(host: TestHost, guest: GuestInfo): readonly string[] {
  const back = `/local/domain/0/backend/pci/${guest.domain}/0`;
  const read = (key: string) => host.host.store.read(`${back}/${key}`);
  const count = Number(read('root_num'));
  assert.equal(read(`root-${count}`), undefined);
  return Array.from({ length: count }, (_, index) => read(`root-${index}`) ?? 'none');
}

/** Waits until the guest has found these and no others. */
async function finds(host: TestHost, guest: GuestInfo, ...addresses: readonly string[]): Promise<void> {
  const path = `/local/domain/${guest.domain}/data/functions`;
  const found = () => (host.host.store.read(path) ?? '').split(' ').filter((text) => text !== '');
  await host.until(
    `${guest.name} with ${addresses.join(' ')}`,
    () =>
      found()
        .map((text) => text.split('=')[0])
        .join() === addresses.join(),
  );
  for (const text of found()) {
    const [address = '', ids] = text.split('=');
    if (IDS[address] !== undefined) assert.equal(ids, IDS[address], address);
  }
}

describe('real addresses', () => {
  test('functions on three buses, attached cold and hot; a root that is there stays, and each bus is found', async () => {
    await using host = await start();
    const guest = await host.run('lists', [], { paused: true });
    await host.attach(guest, '01:00.0');
    assert.deepEqual(roots(host, guest), ['0000:01']);
    await host.host.guests.unpause(guest.domain);
    await finds(host, guest, '0000:01:00.0');
    const { functions } = await host.attach(guest, '02:00.0');
    assert.deepEqual(
      functions.map(({ virtual }) => String(virtual)),
      ['0000:02:00.0'],
    );
    await finds(host, guest, '0000:01:00.0', '0000:02:00.0');
    await host.attach(guest, '00:03.*');
    assert.deepEqual(roots(host, guest), ['0000:01', '0000:02', '0000:00']);
    const multi = ['0000:00:03.0', '0000:00:03.1', '0000:00:03.3'];
    await finds(host, guest, ...multi, '0000:01:00.0', '0000:02:00.0');
    // The middle one goes, with its bus; the bus is not taken back, and used again.
    await host.detach(guest, '02:00.0');
    await finds(host, guest, ...multi, '0000:01:00.0');
    assert.deepEqual(roots(host, guest), ['0000:01', '0000:02', '0000:00']);
    await host.attach(guest, '02:00.0');
    await finds(host, guest, ...multi, '0000:01:00.0', '0000:02:00.0');
    assert.deepEqual(roots(host, guest), ['0000:01', '0000:02', '0000:00']);
    await host.host.guests.destroy(guest.domain);
    host.assertGone(guest, '01:00.0', '02:00.0', '00:03.0', '00:03.1', '00:03.3');
  });

  test('two guests see the same bus, each its own functions of it', async () => {
    await using host = await start();
    const one = await host.run('lists', ['00:04.0'], { name: 'one' });
    const other = await host.run('lists', ['00:05.0'], { name: 'other' });
    await finds(host, one, '0000:00:04.0');
    await finds(host, other, '0000:00:05.0');
  });

  test('a slot that is not its own is refused, and its own is not', async () => {
    await using host = await start();
    const guest = await host.run('lists', ['00:04.0']);
    await assert.rejects(host.attach(guest, '00:05.0@7,seize=1'), (error) => {
      assert.ok(error instanceof OpenslotError);
      assert.equal(error.code, 'VIRTUAL_SLOT_FIXED');
      return true;
    });
    await host.attach(guest, '00:05.0@5,seize=1');
    await finds(host, guest, '0000:00:04.0', '0000:00:05.0');
  });
});
