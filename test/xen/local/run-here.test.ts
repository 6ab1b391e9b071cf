/** A domain on the hypervisor's own thread: its calls, its events, and its end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { connectGuest, LocalXen, type LocalDomain } from '../../../src/xen/local/index.js';
import { StoreServer } from '../../../src/xen/store/index.js';
import type { EventPort } from '../../../src/xen/platform.js';

const BYTES = 64 * 1024;

class Embedded implements AsyncDisposable {
  readonly server = new StoreServer();
  readonly machine = new SimMachine(undefined, { clock: 'manual' });
  readonly xen = new LocalXen(this.machine, this.server);

  create(): LocalDomain {
    return this.xen.create('here', BYTES);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.xen[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
  }
}

describe('a domain that runs here', () => {
  test('is answered inside each call, and notifies in both directions', async () => {
    await using host = new Embedded();
    const domain = host.create();
    assert.equal(host.xen.platform.status(domain.id, 'none').paused, true);
    await using guest = connectGuest(domain.runHere());
    assert.equal(host.xen.platform.status(domain.id, 'none').paused, false);
    const granted = guest.sharePage(host.xen.platform.domain);
    const page = host.xen.platform.mapGrant(domain.id, granted.reference);
    granted.bytes[17] = 4;
    assert.equal(page.bytes[17], 4);
    const offered = guest.offerChannel(host.xen.platform.domain);
    let heard = 0;
    const bound = host.xen.platform.bindChannel(domain.id, offered.port, () => {
      heard++;
      return false;
    });
    offered.notify();
    assert.equal(heard, 1);
    assert.equal(offered.wait(1), false);
    bound.notify();
    assert.equal(offered.wait(1), true);
    granted.close();
    assert.throws(() => host.xen.platform.mapGrant(domain.id, granted.reference), {
      code: 'XEN_CALL_FAILED',
    });
  });

  test('speaks with the store through its ring', async () => {
    await using host = new Embedded();
    const domain = host.create();
    await using guest = connectGuest(domain.runHere());
    host.server.write(`/local/domain/${domain.id}/name`, 'here');
    host.server.setPermissions(`/local/domain/${domain.id}/name`, [{ access: 'read', domain: domain.id }]);
    assert.equal(await guest.store.read('name'), 'here');
  });

  test('runs once, in one place, and ends with its platform', async () => {
    await using host = new Embedded();
    const domain = host.create();
    const guest = connectGuest(domain.runHere());
    assert.throws(() => domain.runHere(), /has run already/);
    assert.throws(() => {
      domain.run({ entry: new URL('file:///nowhere.js') });
    }, /has run already/);
    await guest[Symbol.asyncDispose]();
    assert.deepEqual(await domain.ended, { how: 'exit', code: 0 });
    assert.equal(host.xen.domain(domain.id), undefined);
    assert.equal(domain.running, false);
  });

  test('is told when it was destroyed', async () => {
    await using host = new Embedded();
    const domain = host.create();
    const guest = connectGuest(domain.runHere());
    await domain.destroy();
    assert.throws(() => guest.offerChannel(host.xen.platform.domain), { code: 'DOMAIN_ENDED' });
    assert.throws(() => host.xen.platform.bindChannel(domain.id, 2 as EventPort, () => false), {
      code: 'XEN_CALL_FAILED',
    });
    await guest[Symbol.asyncDispose]();
  });
});
