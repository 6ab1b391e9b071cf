/** Ids of domains of the embedded Xen: those of guests only, one after the other, and then from the beginning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { LocalXen } from '../../../src/xen/local/index.js';
import { StoreServer } from '../../../src/xen/store/index.js';

test('ids come round before those that mean something else, past those that are in use', async () => {
  using machine = new SimMachine();
  await using store = new StoreServer();
  await using xen = new LocalXen(machine, store);
  xen.create('first', 4096);
  const second = xen.create('second', 4096);
  const base = second.memory.base;
  let last = second.id;
  for (await second.destroy(); last < 0x7fef;) {
    const domain = xen.create('another', 4096);
    assert.equal(domain.id, ++last);
    assert.equal(domain.memory.base, base);
    await domain.destroy();
    if (last % 500 === 0) await turn();
  }
  assert.equal(xen.create('next', 4096).id, 2);
});
