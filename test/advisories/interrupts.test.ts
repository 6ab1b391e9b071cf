/** Lessons of advisories about interrupts and events: who owns one, how many there are, and how often. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command, OperationError } from '../../src/xen/pciif/index.js';
import type { Pirq } from '../../src/xen/platform.js';
import { disk, edu } from '../function/shapes.js';
import { ExportingHost } from '../pciback/exported.js';
import { toolStackCreates } from '../pciback/front-end.js';
import { ServedHost } from '../pciback/served-host.js';
import { LocalHost } from '../xen/local-host.js';

const DISK = 0;

describe('interrupts', () => {
  test('XSA-237: an interrupt is bound, and unmapped, by the domain that it was mapped for alone', async () => {
    await using host = new LocalHost([disk(), edu()]);
    const { pirqs, permissions } = host.xen.platform;
    const [owner, stranger] = [host.domain(1).id, host.domain(2).id];
    const message = pirqs.map(owner, { kind: 'msi', function: disk().address });
    const line = pirqs.map(owner, { kind: 'intx', gsi: 21 });
    permissions.interrupt(owner, line, true);
    const other = host.guestPlatform(2);
    for (const pirq of [message, line]) {
      assert.throws(() => other.pirqs.bind(pirq), { code: 'XEN_CALL_FAILED' }, `pirq ${pirq}`);
      assert.throws(
        () => {
          pirqs.unmap(stranger, pirq);
        },
        { code: 'XEN_CALL_FAILED' },
      );
    }
    for (let pirq = 0; pirq < 1024; pirq++) assert.throws(() => other.pirqs.bind(pirq as Pirq));
    const own = host.guestPlatform(1);
    for (const pirq of [message, line]) own.pirqs.bind(pirq).close();
    permissions.interrupt(owner, line, false);
    assert.throws(() => own.pirqs.bind(line), { code: 'XEN_CALL_FAILED' }, 'a line that it lost');
  });

  test('XSA-331, XSA-332: a storm of events that ask for nothing is looked at now and then, and ends with a request', async () => {
    await using host = new ServedHost([disk()]);
    let looks = 0;
    const bind = host.platform.bindChannel.bind(host.platform);
    host.platform.bindChannel = (peer, port, onEvent) =>
      bind(peer, port, () => {
        looks++;
        return onEvent();
      });
    await host.claimAll();
    await host.serve();
    await toolStackCreates(host.platform.store, 1, ['0000:00:08.0']);
    const front = host.front(1);
    await front.connect();
    for (let times = 0; times < 1000; times++) assert.equal(front.read(DISK, 0, 4).value, 0x0010_1b36);
    assert.equal(looks, 1000, 'requests are never held back');
    looks = 0;
    for (let times = 0; times < 100_000; times++) front.notify();
    assert.ok(looks < 100, `${looks} looks at 100000 events`);
    front.ask({ command: Command.configRead, domain: 0, bus: 0, devfn: DISK, offset: 0, size: 4 });
    await host.settled(() => !front.page.waiting);
    assert.equal(front.page.reply().value, 0x0010_1b36);
    looks = 0;
    for (let times = 0; times < 1000; times++) assert.equal(front.read(DISK, 0, 4).value, 0x0010_1b36);
    assert.equal(looks, 1000);
  });

  test('XSA-337: how many vectors a function has is asked once, before a guest can have changed its mind', async () => {
    let lies = false;
    await using host = await ExportingHost.start([disk()], (config) => ({
      size: config.size,
      // The size of the table, in the control word of MSI-X.
      read: (offset, width) =>
        lies && offset <= 0x42 && offset + width > 0x42 ? 0x07ff : config.read(offset, width),
      write: (offset, width, value) => {
        config.write(offset, width, value);
      },
    }));
    const { handled: guest } = host;
    guest.write(DISK, 4, 2, 6);
    lies = true;
    for (const entries of [[1000], [0, 17], Array.from({ length: 18 }, (_, index) => index)]) {
      guest.guest.request(
        { command: Command.enableMsix, domain: 0, bus: 0, devfn: DISK, value: entries.length },
        entries,
      );
      guest.handler.service();
      assert.equal(guest.guest.reply().error, OperationError.operationFailed, String(entries));
      assert.deepEqual(host.messages, []);
    }
  });

  test('XSA-360: switched on and off again and again, also where that fails half way, interrupts leave nothing behind', async () => {
    await using host = await ExportingHost.start([disk()]);
    const { handled: guest, platform } = host;
    guest.write(DISK, 4, 2, 6);
    const vectors = () => {
      guest.guest.request(
        { command: Command.enableMsix, domain: 0, bus: 0, devfn: DISK, value: 3 },
        [0, 1, 2],
      );
      guest.handler.service();
      return guest.guest.reply().error;
    };
    for (let times = 0; times < 500; times++) {
      assert.equal(guest.operate(Command.enableMsi, DISK).error, 0);
      assert.equal(guest.operate(Command.disableMsi, DISK).error, 0);
      platform.refusePirq = 1 + (times % 3);
      assert.equal(vectors(), OperationError.operationFailed);
      assert.equal(vectors(), 0);
      assert.equal(guest.operate(Command.disableMsix, DISK).error, 0);
      assert.deepEqual(host.messages, []);
    }
    assert.equal(host.xen.usage.pirqs, 0);
  });
});
