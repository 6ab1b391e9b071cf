/** The `nvme` model's admin commands: identify, queues, features, log pages, events. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ascii,
  INVALID_FIELD,
  INVALID_NAMESPACE,
  INVALID_QUEUE,
  make,
  MILLISECOND,
  PRP_OFFSET_INVALID,
  started,
  status,
} from './nvme-device.js';
import { CC_ENABLED, FREE } from './nvme-host.js';

test('identify: controller, namespace, list, descriptors', async () => {
  const { bus, host } = await started({ serial: 'A-42' });
  const identify = async (cns: number, namespace: number) => {
    bus.memory.fill(0xee, FREE, FREE + 4096);
    const completion = await host.command({ opcode: 0x06, namespace, prp1: FREE, dword10: cns });
    return { status: completion.status, bytes: bus.memory.slice(FREE, FREE + 4096) };
  };
  const controller = await identify(1, 0);
  const view = new DataView(controller.bytes.buffer);
  assert.equal(controller.status, 0);
  assert.equal(view.getUint16(0, true), 0x1b36);
  assert.equal(ascii(controller.bytes, 4, 20), 'A-42'.padEnd(20));
  assert.equal(ascii(controller.bytes, 24, 40).trimEnd(), 'Simulated NVMe controller');
  assert.equal(controller.bytes[77], 7);
  assert.equal(view.getUint32(80, true), 0x0001_0400);
  assert.equal(controller.bytes[512], 0x66);
  assert.equal(controller.bytes[513], 0x44);
  assert.equal(view.getUint32(516, true), 1);
  assert.match(
    ascii(controller.bytes, 768, 69),
    /^nqn\.2014-08\.org\.nvmexpress:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\0$/,
  );

  const namespace = await identify(0, 1);
  const fields = new DataView(namespace.bytes.buffer);
  assert.equal(namespace.status, 0);
  for (const offset of [0, 8, 16]) assert.equal(fields.getBigUint64(offset, true), 2048n);
  assert.equal(fields.getUint32(128, true), 9 << 16);

  const list = await identify(2, 0);
  assert.deepEqual([...list.bytes.subarray(0, 8)], [1, 0, 0, 0, 0, 0, 0, 0]);
  assert.ok((await identify(2, 1)).bytes.every((byte) => byte === 0));

  const descriptors = await identify(3, 1);
  assert.deepEqual([...descriptors.bytes.subarray(0, 4)], [3, 16, 0, 0]);
  assert.ok(descriptors.bytes.subarray(20).every((byte) => byte === 0));

  for (const [cns, id, expected] of [
    [0, 0, INVALID_NAMESPACE],
    [0, 2, INVALID_NAMESPACE],
    [0, 0xffff_ffff, INVALID_NAMESPACE],
    [2, 0xffff_fffe, INVALID_NAMESPACE],
    [3, 2, INVALID_NAMESPACE],
    [0x10, 1, INVALID_FIELD],
    [0xff, 1, INVALID_FIELD],
  ] as const) {
    const refused = await identify(cns, id);
    assert.equal(refused.status, expected, `CNS ${cns}, namespace ${id}`);
    assert.ok(refused.bytes.every((byte) => byte === 0xee));
  }
  const wide = await started({ size: 8192, block: 4096 });
  await wide.host.command({ opcode: 0x06, namespace: 1, prp1: FREE, dword10: 0 });
  assert.equal(wide.bus.memory[FREE], 2);
  assert.equal(wide.bus.memory[FREE + 130], 12);
});

test('I/O queues: what creating and deleting them answers', async () => {
  const { host } = await started({ queues: 4 });
  const createCompletion = async (
    id: number,
    entries: number,
    vector = 0,
    prp1: number | bigint = FREE,
    flags = 3,
  ) =>
    (
      await host.command({
        opcode: 0x05,
        prp1,
        dword10: ((entries - 1) << 16) | id,
        dword11: (vector << 16) | flags,
      })
    ).status;
  const createSubmission = async (
    id: number,
    entries: number,
    queue = 1,
    prp1: number | bigint = FREE,
    flags = 1,
  ) =>
    (
      await host.command({
        opcode: 0x01,
        prp1,
        dword10: ((entries - 1) << 16) | id,
        dword11: (queue << 16) | flags,
      })
    ).status;
  const remove = async (opcode: number, id: number) => (await host.command({ opcode, dword10: id })).status;

  assert.equal(await createCompletion(0, 16), INVALID_QUEUE);
  assert.equal(await createCompletion(5, 16), INVALID_QUEUE);
  assert.equal(await createCompletion(1, 1), status(1, 0x02));
  assert.equal(await createCompletion(1, 1025), status(1, 0x02));
  assert.equal(await createCompletion(1, 16, 5), status(1, 0x08));
  assert.equal(await createCompletion(1, 16, 0, FREE + 4), PRP_OFFSET_INVALID);
  assert.equal(await createCompletion(1, 16, 0, FREE, 2), INVALID_FIELD);
  assert.equal(await createCompletion(1, 1024, 4), 0);
  assert.equal(await createCompletion(1, 16), INVALID_QUEUE, 'it exists');

  assert.equal(await createSubmission(1, 16, 2), status(1, 0x00));
  assert.equal(await createSubmission(1, 16, 0), status(1, 0x00));
  assert.equal(await createSubmission(0, 16), INVALID_QUEUE);
  assert.equal(await createSubmission(5, 16), INVALID_QUEUE);
  assert.equal(await createSubmission(1, 1), status(1, 0x02));
  assert.equal(await createSubmission(1, 1025), status(1, 0x02));
  assert.equal(await createSubmission(1, 16, 1, FREE + 0x800), PRP_OFFSET_INVALID);
  assert.equal(await createSubmission(1, 16, 1, FREE, 0), INVALID_FIELD);
  assert.equal(await createSubmission(1, 1024), 0);
  assert.equal(await createSubmission(4, 2), 0, 'two share the completions');
  assert.equal(await createSubmission(1, 16), INVALID_QUEUE, 'it exists');

  assert.equal(await remove(0x04, 1), status(1, 0x0c), 'submission queues post there');
  assert.equal(await remove(0x00, 0), INVALID_QUEUE);
  assert.equal(await remove(0x00, 2), INVALID_QUEUE);
  assert.equal(await remove(0x04, 0), INVALID_QUEUE);
  assert.equal(await remove(0x04, 65_535), INVALID_QUEUE);
  assert.equal(await remove(0x00, 1), 0);
  assert.equal(await remove(0x04, 1), status(1, 0x0c));
  assert.equal(await remove(0x00, 4), 0);
  assert.equal(await remove(0x04, 1), 0);
  assert.equal(await createCompletion(1, 16), 0, 'and again');
});

test('I/O queues need their entry sizes in the controller configuration', async () => {
  const { host, write } = make();
  await host.start(16, 1);
  assert.deepEqual(await host.createPair(1, 16), [status(1, 0x02), status(1, 0x02)]);
  write(0x14, CC_ENABLED);
  assert.deepEqual(await host.createPair(1, 16), [0, 0]);
});

test('features: values, defaults, limits', async () => {
  const { host } = await started({ queues: 8 });
  const set = (feature: number, dword11: number) => host.command({ opcode: 0x09, dword10: feature, dword11 });
  const get = (feature: number, select = 0, dword11 = 0) =>
    host.command({ opcode: 0x0a, dword10: (select << 8) | feature, dword11 });

  assert.equal((await get(0x07)).result, 0x0007_0007);
  assert.equal((await set(0x07, 0x0003_0001)).result, 0x0003_0001);
  assert.equal((await get(0x07)).result, 0x0003_0001);
  assert.equal((await set(0x07, 0x00ff_00fe)).result, 0x0007_0007);
  assert.equal((await set(0x07, 0xffff_0001)).status, INVALID_FIELD);
  assert.equal((await set(0x07, 0x0001_ffff)).status, INVALID_FIELD);
  await set(0x07, 0x0001_0001);
  assert.deepEqual(await host.createPair(2, 16), [0, 0]);
  assert.deepEqual(await host.createPair(3, 16), [INVALID_QUEUE, status(1, 0x00)], 'two were granted');
  assert.equal((await set(0x07, 0)).status, status(0, 0x0c), 'queues exist');

  for (const fixed of [0x01, 0x02, 0x08, 0x09, 0x0a]) {
    assert.equal((await set(fixed, 0)).status, status(1, 0x0e));
    assert.equal((await get(fixed, 3)).result, 0);
    assert.equal((await get(fixed)).result, fixed === 0x09 ? 0x1_0000 : 0);
  }
  assert.equal((await get(0x09, 0, 8)).result, 0x1_0008);
  assert.equal((await get(0x09, 0, 9)).status, INVALID_FIELD);

  assert.equal((await set(0x0b, 0xffff_ffff)).status, 0);
  assert.equal((await get(0x0b)).result, 0xff);
  assert.equal((await get(0x0b, 1)).result, 0);
  assert.equal((await get(0x0b, 2)).result, 0);
  assert.equal((await get(0x0b, 3)).result, 4);
  assert.equal((await get(0x0b, 4)).status, INVALID_FIELD);
  assert.equal((await set(0x8000_000b, 0)).status, status(1, 0x0d));

  const recovery = { opcode: 0x09, dword10: 0x05, dword11: 0x1234 };
  assert.equal((await host.command(recovery)).status, INVALID_NAMESPACE);
  assert.equal((await host.command({ ...recovery, namespace: 1 })).status, 0);
  assert.equal((await host.command({ opcode: 0x0a, dword10: 0x05, namespace: 1 })).result, 0x1234);
  assert.equal((await host.command({ opcode: 0x0a, dword10: 0x305, namespace: 1 })).result, 6);
  assert.equal((await get(0x05)).status, INVALID_NAMESPACE);

  assert.equal((await get(0x04)).result, 343);
  assert.equal((await get(0x04, 0, 0x10_0000)).result, 0);
  assert.equal((await set(0x04, 0x0001_0000)).status, INVALID_FIELD, 'no sensor of its own');
  for (const feature of [0x00, 0x03, 0x06, 0x0c, 0x80, 0xff]) {
    assert.equal((await get(feature)).status, INVALID_FIELD);
    assert.equal((await set(feature, 0)).status, INVALID_FIELD);
  }
  await host.start();
  assert.equal((await get(0x0b)).result, 0, 'a controller reset forgets them');
  assert.equal((await get(0x07)).result, 0x0007_0007);
});

test('log pages: errors with their evidence, health that counts, firmware', async () => {
  const { bus, host } = await started({}, 1);
  const log = (page: number, dwords: number, offset = 0, namespace = 0xffff_ffff) =>
    host.command({
      opcode: 0x02,
      namespace,
      prp1: FREE,
      dword10: ((dwords - 1) << 16) | page,
      dword12: offset,
    });
  const view = new DataView(bus.memory.buffer, FREE);
  const late = await host.command(
    { opcode: 2, namespace: 1, prp1: FREE, dword10: 0xffff_0000, dword11: 1 },
    1,
  );
  assert.equal((await log(0x01, 256)).status, 0);
  assert.equal(view.getBigUint64(0, true), 1n);
  assert.equal(view.getUint16(8, true), 1);
  assert.equal(view.getUint16(10, true), late.id);
  assert.equal(view.getUint16(12, true), status(0, 0x80) << 1);
  assert.equal(view.getBigUint64(16, true), 0x1_ffff_0000n);
  assert.equal(view.getUint32(24, true), 1);
  assert.equal(view.getBigUint64(64, true), 0n);
  for (let index = 0; index < 20; index++) await host.command({ opcode: 0x7f });
  assert.equal((await log(0x01, 256)).status, 0);
  assert.equal(view.getBigUint64(0, true), 21n);
  assert.equal(view.getBigUint64(15 * 64, true), 6n);

  await host.command({ opcode: 1, namespace: 1, prp1: FREE, dword12: 7 }, 1);
  await host.command({ opcode: 2, namespace: 1, prp1: FREE, dword12: 0 }, 1);
  assert.equal((await log(0x02, 128, 0, 0)).status, 0);
  assert.equal(view.getUint8(0), 0);
  assert.equal(view.getUint16(1, true), 308);
  assert.equal(view.getBigUint64(32, true), 1n);
  assert.equal(view.getBigUint64(48, true), 1n);
  assert.equal(view.getBigUint64(64, true), 1n);
  assert.equal(view.getBigUint64(80, true), 1n);
  assert.equal(view.getBigUint64(176, true), 21n);
  bus.now += 2 * 3_600 * 1_000_000_000;
  await log(0x02, 128);
  assert.equal(view.getBigUint64(128, true), 2n);
  assert.equal((await log(0x02, 128, 0, 1)).status, INVALID_FIELD);

  assert.equal((await log(0x03, 128)).status, 0);
  assert.equal(view.getUint8(0), 1);
  assert.equal(ascii(bus.memory, FREE + 8, 8), '1.0'.padEnd(8));
  bus.memory.fill(0xee, FREE, FREE + 4096);
  assert.equal((await log(0x03, 4, 504)).status, 0, 'more than there is: what there is');
  assert.deepEqual(
    [...bus.memory.subarray(FREE, FREE + 16)],
    [...Array<number>(8).fill(0), ...Array<number>(8).fill(0xee)],
  );
  assert.equal((await log(0x03, 4, 510)).status, INVALID_FIELD);
  assert.equal((await log(0x03, 4, 512)).status, INVALID_FIELD);
  assert.equal((await log(0x80, 4)).status, status(1, 0x09));
  const huge = { opcode: 2, namespace: 0, prp1: FREE, dword10: 0xffff_0003, dword11: 0xffff };
  assert.equal((await host.command(huge)).status, INVALID_FIELD);
});

test('event requests wait for an event, and can be aborted', async () => {
  const { bus, host, write } = await started();
  const request = async () => {
    const id = await host.put({ opcode: 0x0c });
    await host.ring();
    bus.advance(MILLISECOND);
    return id;
  };
  const ids = [await request(), await request(), await request(), await request()];
  assert.equal(await host.poll(), undefined);
  assert.equal((await host.command({ opcode: 0x0c })).status, status(1, 0x05), 'a fifth one');

  write(0x1000 + 5 * 8, 1);
  assert.deepEqual(await host.poll(), { result: 0x01_0000, head: 5, queue: 0, id: ids[0], status: 0 });
  write(0x1000, 0xffff);
  assert.equal(await host.poll(), undefined, 'not again before its log page was read');
  const log = { opcode: 0x02, prp1: FREE, dword10: (15 << 16) | 0x01 };
  await host.command({ ...log, dword10: log.dword10 | 0x8000 });
  write(0x1000, 0xffff);
  assert.equal(await host.poll(), undefined, 'read, but the event retained');
  await host.command(log);
  write(0x1000, 0xffff);
  assert.equal((await host.poll())?.result, 0x01_0100);

  await host.command({ opcode: 0x09, dword10: 0x0b, dword11: 0x02 });
  const hot = await host.put({ opcode: 0x09, dword10: 0x04, dword11: 300 });
  await host.ring();
  bus.advance(MILLISECOND);
  assert.equal((await host.poll())?.id, hot);
  assert.deepEqual(await host.poll(), { result: 0x02_0101, head: 9, queue: 0, id: ids[2], status: 0 });

  const abort = await host.put({ opcode: 0x08, dword10: ((ids[3] ?? 0) << 16) | 0 });
  await host.ring();
  bus.advance(MILLISECOND);
  assert.equal((await host.poll())?.status, 0x07);
  assert.deepEqual(await host.poll(), { result: 0, head: 10, queue: 0, id: abort, status: 0 });
  assert.equal((await host.command({ opcode: 0x08, dword10: (0x7777 << 16) | 1 })).result, 1);
});
