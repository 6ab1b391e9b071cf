/** The embedded Xen's parts by themselves: permitted ranges, grants, event channels and their words. */
import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '../../kept-seeds.js';
import { domainId } from '../../../src/xen/domain.js';
import {
  CONTROL_BYTES,
  Errno,
  PORTS,
  portWord,
  PortWord,
  Word,
  PAGE_BYTES,
} from '../../../src/xen/local/control-block.js';
import { EventChannels } from '../../../src/xen/local/event-channels.js';
import { GrantTable } from '../../../src/xen/local/grant-table.js';
import { PermittedRanges } from '../../../src/xen/local/permitted-ranges.js';
import type { EventPort } from '../../../src/xen/platform.js';
import { until } from '../../until.js';

describe('permitted ranges', () => {
  test('say of each number what a set of single numbers says', async () => {
    const change = fc.record({
      allow: fc.boolean(),
      first: fc.nat(40),
      count: fc.integer({ min: 1, max: 12 }),
    });
    await checkProperty(
      'local: permitted ranges say of each number what a set of single numbers says',
      fc.property(
        fc.array(change, { maxLength: 30 }),
        fc.nat(50),
        fc.integer({ min: 1, max: 8 }),
        (changes, from, run) => {
          const ranges = new PermittedRanges();
          const single = new Set<number>();
          for (const { allow, first, count } of changes) {
            if (allow) ranges.allow(first, count);
            else ranges.revoke(first, count);
            for (let number = first; number < first + count; number++)
              if (allow) single.add(number);
              else single.delete(number);
          }
          const all = Array.from({ length: run }, (_, index) => single.has(from + index)).every(Boolean);
          assert.equal(ranges.includes(from, run), all);
        },
      ),
    );
  });
});

describe('grants', () => {
  const memory = new SharedArrayBuffer(4 * PAGE_BYTES);

  test('a page is seen by its peer alone, until it is revoked', () => {
    const table = new GrantTable(memory);
    const reference = table.grant(2, domainId(0));
    assert.ok(reference >= 8, 'the first references are reserved');
    const page = table.page(reference, domainId(0));
    assert.equal(page?.byteOffset, 2 * PAGE_BYTES);
    assert.equal(page.length, PAGE_BYTES);
    assert.equal(table.page(reference, domainId(3)), undefined);
    assert.equal(table.revoke(reference), 0);
    assert.equal(table.page(reference, domainId(0)), undefined);
    assert.equal(table.revoke(reference), -Errno.EINVAL);
  });

  test('a page outside of the domain, and too many of them, are refused', () => {
    const table = new GrantTable(memory);
    for (const frame of [-1, 4, 1 << 20]) assert.equal(table.grant(frame, domainId(0)), -Errno.EINVAL);
    let granted = 0;
    while (table.grant(1, domainId(0)) > 0) granted++;
    assert.equal(granted, 1024);
    assert.equal(table.grant(1, domainId(0)), -Errno.ENOSPC);
  });
});

describe('event channels', () => {
  function channels() {
    const words = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
    const { port1, port2 } = new MessageChannel();
    const posted: unknown[] = [];
    port2.on('message', (message) => posted.push(message));
    port2.unref();
    const closing = {
      [Symbol.dispose]: () => {
        port1.close();
      },
    };
    return { words, posted, table: new EventChannels(words, port1), closing };
  }

  test('only the peer that a port was offered to can bind it, once', () => {
    const { table, closing } = channels();
    using _closing = closing;
    const port = table.offer(domainId(0)) as EventPort;
    assert.equal(
      table.bind(domainId(5), port, () => undefined),
      -Errno.EINVAL,
    );
    let heard = 0;
    assert.equal(
      table.bind(domainId(0), port, () => heard++),
      0,
    );
    assert.equal(
      table.bind(domainId(0), port, () => undefined),
      -Errno.EBUSY,
    );
    assert.equal(table.notify(port), 0);
    assert.equal(heard, 1);
    table.unbind(port);
    assert.equal(table.notify(port), 0);
    assert.equal(heard, 1, 'nothing is heard after the other end let go');
    assert.equal(table.close(port), 0);
    assert.equal(table.notify(port), -Errno.EINVAL);
  });

  test('a storm is one message, and every event is counted', async () => {
    const { table, words, posted, closing } = channels();
    using _closing = closing;
    const port = table.offer(domainId(0));
    table.raise(port);
    assert.equal(words[portWord(port, PortWord.pending)], 1);
    Atomics.store(words, portWord(port, PortWord.masked), 0);
    for (let event = 0; event < 100_000; event++) table.raise(port);
    assert.equal(words[portWord(port, PortWord.count)], 100_001);
    await until(() => posted.length > 0);
    // Time for a second one, which must not come.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(posted.length, 1, 'a masked port sends none, an open one sends one');
    Atomics.store(words, Word.doorbell, 0);
    table.raise(port);
    await until(() => posted.length > 1);
    assert.equal(posted.length, 2);
  });

  test('ports run out, and come back', () => {
    const { table, closing } = channels();
    using _closing = closing;
    const ports: number[] = [];
    for (let port = table.offer(domainId(0)); port > 0; port = table.offer(domainId(0))) ports.push(port);
    assert.equal(ports.length, PORTS - 2, 'all but port 0 and the store’s');
    assert.equal(table.offer(domainId(0)), -Errno.ENOSPC);
    assert.equal(table.close(ports[7] ?? 0), 0);
    assert.equal(table.offer(domainId(0)), ports[7]);
  });
});
