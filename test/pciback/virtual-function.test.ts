/** A virtual function in a guest's hands: what its registers do not tell, the guest sees all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from '../../src/xen/pciif/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { resetForGuest } from '../../src/pciback/function-reset.js';
import { GuestRecord } from '../../src/pciback/index.js';
import { disk, testdev } from '../function/shapes.js';
import { ExportingHost } from './exported.js';
import { toolStackCreates } from './front-end.js';
import { MortalHost } from './mortal-host.js';

const PHYSICAL = new PciAddress(0, 0, 8, 0);
const VIRTUAL = new PciAddress(0, 0, 8, 3);
/** Of the guest's bus: the physical function has slot 0, the virtual one is function 0 of slot 1. */
const SLOT = 8;

const NOWHERE = {
  append: () => undefined,
  replace: () => undefined,
  remove: () => undefined,
  close: () => undefined,
};

test('a virtual function stands alone, has its ids, addresses and vectors, and comes back', async () => {
  await using host = await ExportingHost.start([testdev(PHYSICAL), { ...disk(VIRTUAL), isVirtual: true }]);
  const { handled, machine, exports } = host;
  {
    using fn = machine.open(VIRTUAL);
    assert.equal(fn.config.read(0, 4), 0xffff_ffff, 'the hardware tells nothing');
  }
  const read = (offset: number, size = 4) => handled.read(SLOT, offset, size).value;
  assert.equal(read(0), 0x0010_1b36);
  assert.equal(read(2, 2), 0x0010);
  assert.equal(handled.read(SLOT + 3, 0, 4).value, 0, 'and not at its own number');
  assert.equal(read(0x10), 0xfebd_0004);
  assert.equal(handled.write(SLOT, 0x10, 4, 0xffff_ffff).error, 0);
  assert.equal(read(0x10), 0xffff_c004);
  assert.equal(handled.write(SLOT, 0, 4, 0).error, 0);
  assert.equal(read(0), 0x0010_1b36);

  // Its decoding bit stays 0 in the hardware, and the guest reads what it wrote.
  handled.write(SLOT, 4, 2, 0x0006);
  assert.equal(read(4, 2), 0x0006);
  handled.guest.request({ command: Command.enableMsix, domain: 0, bus: 0, devfn: SLOT, value: 2 }, [0, 1]);
  handled.handler.service();
  const { error, vectors } = handled.guest.reply(2);
  assert.equal(error, 0);
  assert.equal(new Set(vectors).size, 2);
  assert.ok(!vectors.includes(0));

  const exported = exports[1];
  assert.ok(exported !== undefined);
  const { resets } = machine.device(VIRTUAL);
  await resetForGuest(exported);
  assert.equal(machine.device(VIRTUAL).resets, resets + 1, 'it came back, although it has no vendor');
  assert.deepEqual([read(0), read(4, 2), read(0x10)], [0x0010_1b36, 0x0006, 0xffff_c004]);

  const report = await exported.lease.giveBack();
  assert.deepEqual([report.quarantined, report.differing], [undefined, []]);
  assert.deepEqual(handled.faults, []);
});

test('a back end gives it a slot of its own, and the next process goes on with what the guest has set', async () => {
  const shapes = [testdev(PHYSICAL), { ...disk(VIRTUAL), isVirtual: true }];
  await using host = await MortalHost.start(shapes, []);
  await toolStackCreates(host.platform.store, 1, [String(PHYSICAL), String(VIRTUAL)]);
  const front = host.front(1);
  await front.connect();
  const keys = await front.backKeys();
  assert.deepEqual([keys['vdev-0'], keys['vdev-1']], ['0000:00:00.00', '0000:00:01.00']);
  const { page } = front;
  const write = { command: Command.configWrite, offset: 4, size: 2, value: 6 };
  page.request({ ...write, error: 0, domain: 0, bus: 0, devfn: SLOT });
  front.notify();
  await host.settled(() => !page.waiting);
  await host.leave();
  host.serveAgain();
  await host.settled(() => host.events.some(({ event }) => event === 'resumed'));
  const { error, value } = await front.readWhenHeard(SLOT, 0, 4);
  assert.deepEqual([error, value], [0, 0x0010_1b36]);
  const [record] = GuestRecord.parse(
    host.records.get(front.guest) ?? '',
    'the record',
    NOWHERE,
  ).exports.filter(({ address }) => address.equals(VIRTUAL));
  // Its command in the hardware does not tell, and nobody would undo it.
  assert.equal(record?.decoding, true);
});
