/** Tests of the `nvme` model: registers, queues, commands, interrupts, errors, and what a hostile host can do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DmaResult, Iova } from '../../../src/function/index.js';
import { MachineDescriptionError } from '../../../src/machines/sim/errors.js';
import { nvme, nvmeRegisters } from '../../../src/machines/sim/models/index.js';
import { checkTable, decodeTable, decodedFields } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { MemoryBus } from './memory-bus.js';
import {
  CC_ENABLED,
  FREE,
  NvmeHost,
  completionBase,
  encodeCommand,
  submissionBase,
  type CommandFields,
} from './nvme-host.js';

const MILLISECOND = 1_000_000;
const DNR = 0x4000;
const status = (type: number, code: number) => (type << 8) | code | DNR;
const INVALID_FIELD = status(0, 0x02);
const INVALID_NAMESPACE = status(0, 0x0b);
const PRP_OFFSET_INVALID = status(0, 0x13);
const INVALID_QUEUE = status(1, 0x01);

/** A model on a bus, its host, and what to look at. Nothing is started. */
function make(given: Record<string, unknown> = {}) {
  const disk = new Uint8Array(1 << 20);
  const bus = new MemoryBus(4 << 20);
  bus.messages = 'msix';
  const options = nvme.options('size' in given ? given : { disk, ...given });
  const model = nvme.create(options, 0, bus);
  const read = (offset: number) => model.read(0, offset, 4);
  const write = (offset: number, value: number) => {
    model.write(0, offset, 4, value);
  };
  const host = new NvmeHost({
    read32: (offset) => Promise.resolve(read(offset)),
    write32: (offset, value) => {
      write(offset, value >>> 0);
      return Promise.resolve();
    },
    readMemory: (address, bytes) => Promise.resolve(bus.memory.slice(address, address + bytes)),
    writeMemory: (address, bytes) => {
      bus.memory.set(bytes, address);
      return Promise.resolve();
    },
    pause: () => {
      bus.advance(100_000);
      return Promise.resolve();
    },
  });
  return { disk, bus, model, host, read, write };
}

async function started(given: Record<string, unknown> = {}, pairs = 0) {
  const device = make(given);
  await device.host.start();
  for (let id = 1; id <= pairs; id++) assert.deepEqual(await device.host.createPair(id, 16), [0, 0]);
  return device;
}

function pattern(bytes: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8) * 13 + seed) & 0xff);
}

/** As assert.deepEqual, without thousands of lines when they differ. */
function sameBytes(actual: Uint8Array, expected: Uint8Array, what?: string): void {
  assert.equal(Buffer.compare(actual, expected), 0, what);
}

function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

test('the header is that of an NVMe controller, with MSI-X behind its registers', () => {
  const [{ shape } = { shape: undefined }] = nvme.functions(nvme.options({ queues: 4 }));
  assert.equal(shape?.classCode, 0x010802);
  assert.deepEqual(shape?.msix, { vectors: 5, region: 0, table: 0x2000, pending: 0x3000 });
  assert.deepEqual(shape?.regions, [{ index: 0, kind: 'memory', size: 0x4000, wide: true }]);
  assert.deepEqual(shape?.express, { flr: true });
});

test('the register table is sound and decodes what the controller reads', () => {
  assert.deepEqual(checkTable(nvmeRegisters), []);
  const { model, write } = make();
  write(0x14, CC_ENABLED);
  const registers = decodeTable(nvmeRegisters, {
    size: 0x1000,
    read: (offset, width) => model.read(0, offset, width),
  });
  const values = Object.fromEntries(decodedFields(registers).map(({ name, value }) => [name, value]));
  assert.equal(values['nvme.cap.mqes'], 1024);
  assert.equal(values['nvme.cap.to'], 1000);
  assert.equal(values['nvme.cap.css'], '0x01');
  assert.equal(values['nvme.cap.dstrd'], 4);
  assert.equal(values['nvme.vs.major'], 1);
  assert.equal(values['nvme.vs.minor'], 4);
  assert.equal(values['nvme.cc.en'], true);
  assert.equal(values['nvme.cc.iosqes'], 64);
  assert.equal(values['nvme.cc.iocqes'], 16);
});

test('registers: what can be written of each, parts of them, and what is not there', () => {
  const { model, read, write } = make();
  for (const [offset, expected] of [
    [0x00, 0x0201_03ff],
    [0x04, 0x0000_0020],
    [0x08, 0x0001_0400],
    [0x1c, 0],
    [0x24, 0x0fff_0fff],
    [0x28, 0xffff_f000],
    [0x2c, 0xffff_ffff],
    [0x30, 0xffff_f000],
    [0x34, 0xffff_ffff],
    [0x18, 0],
    [0x20, 0],
    [0x38, 0],
    [0x3c, 0],
    [0x1000, 0],
    [0x1ffc, 0],
  ] as const) {
    write(offset, 0xffff_ffff);
    assert.equal(read(offset), expected, offset.toString(16));
  }
  assert.equal(model.read(0, 0x0a, 2), 1);
  assert.equal(model.read(0, 0x09, 1), 4);
  assert.equal(model.read(0, 0x2b, 1), 0xff);
  model.write(0, 0x24, 2, 0);
  model.write(0, 0x24, 1, 0);
  assert.equal(read(0x24), 0x0fff_0fff, 'narrow writes do nothing');
  write(0x0c, 0x8000_0001);
  write(0x0c, 0x10);
  write(0x10, 1);
  assert.equal(read(0x0c), 0x8000_0010);
  assert.equal(read(0x10), 0x8000_0010);
});

test('it is ready after its time, and stops when it is disabled', async () => {
  const { bus, host, read, write } = make();
  write(0x24, 0x000f_000f);
  write(0x28, submissionBase(0));
  write(0x30, completionBase(0));
  write(0x14, CC_ENABLED);
  assert.equal(read(0x1c), 0);
  write(0x1000, 1);
  bus.advance(MILLISECOND - 1);
  assert.equal(read(0x1c), 0);
  bus.advance(1);
  assert.equal(read(0x1c), 1);
  write(0x14, CC_ENABLED - 1);
  assert.equal(read(0x1c), 0);
  assert.equal(read(0x24), 0x000f_000f, 'the registers of the admin queue stay');

  write(0x14, CC_ENABLED);
  write(0x14, 0);
  bus.advance(10 * MILLISECOND);
  assert.equal(read(0x1c), 0, 'disabled before it was ready');
  await host.start();
  assert.equal(read(0x1c), 1);
});

test('a configuration that it cannot start with is fatal until it is disabled', async () => {
  const bad: readonly (readonly [number, number])[] = [
    [0x000f_000f, CC_ENABLED | 0x10],
    [0x000f_000f, CC_ENABLED | 0x80],
    [0x000f_000f, CC_ENABLED | 0x800],
    [0x0000_000f, CC_ENABLED],
    [0x000f_0000, CC_ENABLED],
  ];
  for (const [sizes, configuration] of bad) {
    const { bus, host, read, write } = make();
    write(0x24, sizes);
    write(0x14, configuration);
    bus.advance(10 * MILLISECOND);
    assert.equal(read(0x1c), 2);
    await host.start();
    assert.equal(read(0x1c), 1);
  }
});

test('shutdown is notified, takes its time, and ends with a reset', async () => {
  const { bus, host, read, write } = await started();
  for (const notification of [0x4000, 0x8000]) {
    write(0x14, CC_ENABLED | notification);
    assert.equal(read(0x1c), 0x5);
    bus.advance(MILLISECOND);
    assert.equal(read(0x1c), 0x9);
    await host.start();
    assert.equal(read(0x1c), 0x1);
  }
});

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

test('reads and writes through each form of data pointer', async () => {
  const { bus, disk, host } = await started({}, 1);
  const list = 0xa_0000;
  const second = 0xb_0000;
  const data = 0xc_0000;
  const putList = (at: number, entries: readonly number[]) => {
    const view = new DataView(bus.memory.buffer);
    entries.forEach((entry, index) => {
      view.setBigUint64(at + index * 8, BigInt(entry), true);
    });
  };
  // Pages in an order of their own, so that a wrong one shows.
  const pages = Array.from({ length: 40 }, (_, index) => data + ((index * 7) % 40) * 4096);
  const forms: readonly {
    readonly name: string;
    readonly blocks: number;
    readonly prp1: number;
    readonly prp2: number;
    readonly parts: readonly (readonly [number, number])[];
    readonly prepare?: () => void;
  }[] = [
    { name: 'part of a page', blocks: 1, prp1: data + 0x204, prp2: 0, parts: [[data + 0x204, 512]] },
    { name: 'a page', blocks: 8, prp1: data, prp2: 0, parts: [[data, 4096]] },
    {
      name: 'two pages',
      blocks: 8,
      prp1: data + 0xe00,
      prp2: data + 0x3000,
      parts: [
        [data + 0xe00, 512],
        [data + 0x3000, 3584],
      ],
    },
    {
      name: 'a list',
      blocks: 40,
      prp1: data + 0x2_8ffc,
      prp2: list + 8,
      prepare: () => {
        putList(list + 8, pages.slice(0, 5));
      },
      parts: [
        [data + 0x2_8ffc, 4],
        [pages[0] ?? 0, 4096],
        [pages[1] ?? 0, 4096],
        [pages[2] ?? 0, 4096],
        [pages[3] ?? 0, 4096],
        [pages[4] ?? 0, 4092],
      ],
    },
    {
      name: 'a list that goes on in another page',
      blocks: 80,
      prp1: data + 0x2_8000,
      prp2: list + 4096 - 24,
      prepare: () => {
        putList(list + 4096 - 24, [pages[0] ?? 0, pages[1] ?? 0, second]);
        putList(second, pages.slice(2, 9));
      },
      parts: [[data + 0x2_8000, 4096], ...pages.slice(0, 9).map((page) => [page, 4096] as const)],
    },
    {
      name: 'a list that ends with its page',
      blocks: 24,
      prp1: data + 0x2_8000,
      prp2: list + 4096 - 16,
      prepare: () => {
        putList(list + 4096 - 16, [pages[3] ?? 0, pages[4] ?? 0]);
      },
      parts: [
        [data + 0x2_8000, 4096],
        [pages[3] ?? 0, 4096],
        [pages[4] ?? 0, 4096],
      ],
    },
    {
      name: 'a list whose first entry points on',
      blocks: 24,
      prp1: data + 0x2_8000,
      prp2: list + 4096 - 8,
      prepare: () => {
        putList(list + 4096 - 8, [second]);
        putList(second, [pages[5] ?? 0, pages[6] ?? 0]);
      },
      parts: [
        [data + 0x2_8000, 4096],
        [pages[5] ?? 0, 4096],
        [pages[6] ?? 0, 4096],
      ],
    },
  ];
  for (const [index, form] of forms.entries()) {
    const bytes = form.blocks * 512;
    const block = 100 + index;
    const content = pattern(bytes, index);
    form.prepare?.();
    let at = 0;
    for (const [address, length] of form.parts) {
      bus.memory.set(content.subarray(at, at + length), address);
      at += length;
    }
    assert.equal(at, bytes);
    const { prp1, prp2 } = form;
    const move = { namespace: 1, prp1, prp2, dword10: block, dword12: form.blocks - 1 };
    disk.fill(0x99);
    assert.equal((await host.command({ opcode: 1, ...move }, 1)).status, 0, form.name);
    sameBytes(disk.subarray(block * 512, block * 512 + bytes), content, form.name);
    assert.ok(disk.subarray(0, block * 512).every((byte) => byte === 0x99));
    assert.ok(disk.subarray(block * 512 + bytes).every((byte) => byte === 0x99));

    const answer = pattern(bytes, index + 100);
    disk.set(answer, block * 512);
    assert.equal((await host.command({ opcode: 2, ...move }, 1)).status, 0, form.name);
    at = 0;
    for (const [address, length] of form.parts) {
      sameBytes(bus.memory.subarray(address, address + length), answer.subarray(at, at + length), form.name);
      at += length;
    }
  }
  assert.deepEqual(bus.faults, []);
});

test('commands that cannot be are answered with their status, and change nothing', async () => {
  const { bus, disk, host } = await started({}, 1);
  disk.set(pattern(disk.length));
  const before = disk.slice();
  const write = { opcode: 1, namespace: 1, prp1: FREE };
  const list = FREE + 0x1000;
  const putList = (entry: bigint) => {
    new DataView(bus.memory.buffer).setBigUint64(list, entry, true);
  };
  const cases: readonly (readonly [string, Parameters<NvmeHost['command']>[0], number, bigint?])[] = [
    ['opcode', { ...write, opcode: 0x7f }, status(0, 0x01)],
    ['opcode of the vendor', { ...write, opcode: 0xff }, status(0, 0x01)],
    ['namespace 0', { ...write, namespace: 0 }, INVALID_NAMESPACE],
    ['namespace 2', { ...write, namespace: 2 }, INVALID_NAMESPACE],
    ['flush of another namespace', { opcode: 0, namespace: 3 }, INVALID_NAMESPACE],
    ['fused', { ...write, flags: 1 }, INVALID_FIELD],
    ['scatter gather list', { ...write, flags: 0x40 }, INVALID_FIELD],
    ['first block after the end', { ...write, dword10: 2048 }, status(0, 0x80)],
    ['last block after the end', { ...write, dword10: 2047, dword12: 1 }, status(0, 0x80)],
    ['block of 64 bits', { ...write, dword11: 0xffff_ffff, dword10: 0xffff_ffff }, status(0, 0x80)],
    ['longer than a transfer can be', { ...write, dword12: 0xffff }, INVALID_FIELD],
    ['one block longer', { ...write, dword12: 1024 }, INVALID_FIELD],
    ['data not aligned', { ...write, prp1: FREE + 2 }, PRP_OFFSET_INVALID],
    ['second page with an offset', { ...write, dword12: 15, prp2: FREE + 8 }, PRP_OFFSET_INVALID],
    ['list not aligned', { ...write, dword12: 31, prp2: list + 4 }, PRP_OFFSET_INVALID],
    ['page in a list with an offset', { ...write, dword12: 31, prp2: list }, PRP_OFFSET_INVALID, 0x1_0008n],
    ['next list with an offset', { ...write, dword12: 31, prp2: list + 4088 }, PRP_OFFSET_INVALID],
    ['memory that is not there', { ...write, prp1: 1n << 60n }, 0x04],
    ['second page not there', { ...write, dword12: 15, prp2: 0xffff_ffff_ffff_f000n }, 0x04],
    ['list not there', { ...write, dword12: 31, prp2: 0xffff_ffff_ffff_fff8n }, 0x04],
    ['page of a list not there', { ...write, dword12: 31, prp2: list }, 0x04, 1n << 63n],
  ];
  bus.memory.set([8], list + 4088);
  for (const [name, command, expected, entry] of cases) {
    putList(entry ?? 0n);
    assert.equal((await host.command(command, 1)).status, expected, name);
  }
  sameBytes(disk, before);
  for (const namespace of [1, 0xffff_ffff]) {
    assert.equal((await host.command({ opcode: 0, namespace }, 1)).status, 0, 'flush');
  }
  for (const opcode of [0x03, 0x0d, 0x10, 0x80, 0xc0]) {
    assert.equal((await host.command({ opcode })).status, status(0, 0x01), `admin opcode ${opcode}`);
  }
});

test('completions: ids, heads and phases over many rounds, in order', async () => {
  const { bus, host } = await started({}, 1);
  let head = 0;
  for (let round = 0; round < 20; round++) {
    const ids: number[] = [];
    for (let index = 0; index < 11; index++) ids.push(await host.put({ opcode: 0, namespace: 1 }, 1));
    await host.ring(1);
    bus.advance(MILLISECOND);
    for (const id of ids) {
      head = (head + 1) % 16;
      assert.deepEqual(await host.poll(1), { result: 0, head, queue: 1, id, status: 0 });
    }
    assert.equal(await host.poll(1), undefined);
  }
});

test('a command takes its latency, and each queue takes one at a time', async () => {
  const { bus, host } = await started({ latency: 1_000 }, 2);
  for (const queue of [1, 2]) {
    await host.put({ opcode: 0, namespace: 1 }, queue);
    await host.put({ opcode: 0, namespace: 1 }, queue);
    await host.ring(queue);
  }
  bus.advance(999);
  assert.equal(await host.poll(1), undefined);
  bus.advance(1);
  assert.ok(await host.poll(1));
  assert.ok(await host.poll(2));
  assert.equal(await host.poll(1), undefined);
  bus.advance(1_000);
  assert.ok(await host.poll(1));
});

test('a full completion queue stops the queues that post there until the host gives room', async () => {
  const { bus, host, write } = await started();
  await host.expectQueue(1, 16, 4);
  await host.expectQueue(2, 16, 4);
  assert.equal(
    (await host.command({ opcode: 5, prp1: completionBase(1), dword10: (3 << 16) | 1, dword11: 3 })).status,
    0,
  );
  for (const id of [1, 2]) {
    const created = await host.command({
      opcode: 1,
      prp1: submissionBase(id),
      dword10: (15 << 16) | id,
      dword11: (1 << 16) | 1,
    });
    assert.equal(created.status, 0);
    for (let index = 0; index < 5; index++) await host.put({ opcode: 0, namespace: 1 }, id);
    await host.ring(id);
  }
  const seen: number[] = [];
  while (seen.length < 10) {
    bus.advance(MILLISECOND);
    assert.equal(bus.timers, 0, 'nothing waits while there is no room');
    const round: number[] = [];
    for (let next = await host.poll(1, false); next !== undefined; next = await host.poll(1, false)) {
      round.push(next.id);
    }
    assert.ok(round.length === 3 || seen.length + round.length === 10);
    seen.push(...round);
    await host.giveBack(1);
  }
  assert.equal(new Set(seen).size, 10);
  write(0x1008, 6);
  bus.advance(MILLISECOND);
  assert.notEqual(await host.poll(1), undefined);
});

test('interrupts by message: the vector of the completion queue, one for each completion', async () => {
  const { bus, host } = await started({ queues: 2 }, 2);
  bus.raised.length = 0;
  await host.command({ opcode: 0, namespace: 1 }, 2);
  await host.command({ opcode: 0, namespace: 1 }, 1);
  await host.command({ opcode: 0x7f });
  assert.deepEqual(bus.raised, [2, 1, 0]);
  await host.command({ opcode: 0x00, dword10: 1 });
  await host.command({ opcode: 0x04, dword10: 1 });
  await host.expectQueue(1, 16, 16);
  const quiet = { opcode: 5, prp1: completionBase(1), dword10: (15 << 16) | 1, dword11: 1 };
  assert.equal((await host.command(quiet)).status, 0);
  await host.command({ opcode: 1, prp1: submissionBase(1), dword10: (15 << 16) | 1, dword11: (1 << 16) | 1 });
  bus.raised.length = 0;
  await host.command({ opcode: 0, namespace: 1 }, 1);
  assert.deepEqual(bus.raised, [], 'this completion queue asked for none');
});

test('interrupts by pin: a level, with its mask', async () => {
  const { bus, host, write } = make();
  bus.messages = 'none';
  await host.start();
  assert.equal(bus.pin, false);
  assert.deepEqual(
    await host.createPair(1, 16, 1),
    [status(1, 0x08), status(1, 0x00)],
    'the pin is one vector',
  );
  assert.deepEqual(await host.createPair(1, 16, 0), [0, 0]);
  await host.put({ opcode: 0x7f });
  await host.put({ opcode: 0x7f });
  await host.ring();
  bus.advance(MILLISECOND);
  assert.equal(bus.pin, true);
  write(0x0c, 1);
  assert.equal(bus.pin, false);
  write(0x10, 1);
  assert.equal(bus.pin, true);
  await host.poll();
  assert.equal(bus.pin, true, 'one is left');
  await host.poll();
  assert.equal(bus.pin, false);
  await host.put({ opcode: 0x7f });
  await host.ring();
  bus.advance(MILLISECOND);
  assert.equal(bus.pin, true);
  write(0x14, 0);
  assert.equal(bus.pin, false);
  assert.deepEqual(bus.raised, []);
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

test('a doorbell with a value that cannot be changes nothing', async () => {
  const { bus, host, write } = await started({}, 1);
  write(0x1008, 16);
  write(0x100c, 16);
  write(0x100c, 5);
  write(0x1ff8, 1);
  write(0x1ffc, 1);
  bus.advance(MILLISECOND);
  assert.equal(await host.poll(1), undefined);
  assert.equal((await host.command({ opcode: 0, namespace: 1 }, 1)).status, 0);
});

test('queues that cannot be reached are fatal, until the controller is reset', async () => {
  for (const [offset, what] of [
    [0x28, 'commands'],
    [0x30, 'completions'],
  ] as const) {
    const { bus, host, read, write } = make();
    write(0x24, 0x000f_000f);
    write(0x28, submissionBase(0));
    write(0x30, completionBase(0));
    write(offset, 0xffff_f000);
    write(offset + 4, 0xffff_ffff);
    write(0x14, CC_ENABLED);
    bus.advance(MILLISECOND);
    write(0x1000, 15);
    bus.advance(MILLISECOND);
    assert.equal(read(0x1c), 3, what);
    assert.equal(bus.faults.length, 1);
    write(0x1000, 3);
    bus.advance(MILLISECOND);
    assert.equal(bus.faults.length, 1, 'it rests');
    await host.start();
    assert.equal((await host.command({ opcode: 0x06, prp1: FREE, dword10: 1 })).status, 0);
  }
});

test('a deleted queue and a disabled controller forget what waits', async () => {
  const { bus, host, write } = await started({ latency: MILLISECOND }, 1);
  await host.put({ opcode: 0, namespace: 1 }, 1);
  await host.ring(1);
  assert.equal(bus.timers, 1);
  await host.put({ opcode: 0x00, dword10: 1 });
  await host.ring();
  write(0x14, 0);
  assert.equal(bus.timers, 0);
  bus.advance(10 * MILLISECOND);
  assert.equal(await host.poll(), undefined);
  assert.equal(await host.poll(1), undefined);
});

test('a function reset gives back all but the disk', async () => {
  const { bus, model, disk, host, read } = await started({}, 1);
  bus.memory.set(pattern(512), FREE);
  await host.command({ opcode: 1, namespace: 1, prp1: FREE, dword10: 9 }, 1);
  await host.command({ opcode: 0x7f }, 1);
  await host.put({ opcode: 0, namespace: 1 }, 1);
  await host.ring(1);
  bus.dropTimers();
  model.reset();
  for (const offset of [0x0c, 0x14, 0x1c, 0x24, 0x28, 0x2c, 0x30, 0x34]) assert.equal(read(offset), 0);
  sameBytes(disk.subarray(9 * 512, 10 * 512), pattern(512));
  await host.start();
  await host.command({ opcode: 0x02, prp1: FREE, dword10: (15 << 16) | 0x01 });
  assert.ok(
    bus.memory.subarray(FREE, FREE + 64).every((byte) => byte === 0),
    'no error is left',
  );
});

test('options that cannot be are refused by name', () => {
  const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ size: 1000 }, /option size: 1000 is not a whole number from 4096/],
    [{ size: 4097 }, /option size: 4097 bytes are no whole blocks of 512/],
    [{ size: '1M' }, /option size: "1M"/],
    [{ size: 4608, block: 4096 }, /option size: 4608 bytes are no whole blocks of 4096/],
    [{ block: 1024 }, /option block: 1024 is not one of 512, 4096/],
    [{ queues: 0 }, /option queues: 0 is not a whole number from 1 to 64/],
    [{ queues: 65 }, /option queues/],
    [{ latency: -1 }, /option latency/],
    [{ serial: '' }, /option serial/],
    [{ serial: 'x'.repeat(21) }, /option serial/],
    [{ serial: 'ü' }, /option serial/],
    [{ disk: '/dev/sda' }, /option disk: is memory, a Uint8Array/],
    [{ disk: new Uint8Array(0) }, /option disk/],
    [{ disk: new Uint8Array(700) }, /option disk: 700 bytes are no whole blocks/],
    [{ disk: new Uint8Array(4096), size: 4096 }, /option size: is that of the disk/],
    [{ path: 'x' }, /option path: is not an option: this kind has size, disk/],
  ];
  for (const [given, message] of refused) {
    assert.throws(
      () => nvme.options(given),
      (error) => error instanceof MachineDescriptionError && message.test(error.message),
      String(message),
    );
  }
});

const any64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
/** Commands that are nearly right, so that each check of a command is met, and those behind it. */
const nearlyRight = fc.record({
  opcode: fc.oneof(fc.constantFrom(0, 1, 2, 4, 5, 6, 8, 9, 10, 12), fc.nat(0xff)),
  flags: fc.constantFrom(0, 0, 0, 0, 0, 0x40),
  namespace: fc.constantFrom(1, 1, 1, 0, 2, 0xffff_ffff),
  prp1: fc.oneof(fc.constantFrom(0x18_0000n, 0x18_0004n, 0x19_0ff0n, 0x10_8000n, 0x10_c000n), any64),
  prp2: fc.oneof(fc.constantFrom(0x19_0000n, 0x19_0ff8n, 0x1a_0000n, 0n), any64),
  dword10: fc.oneof(fc.constantFrom(0, 1, 2, 0x000f_0001, 0x000f_0002, 0x000f_0003), fc.nat(0xffff_ffff)),
  dword11: fc.oneof(fc.constantFrom(0, 1, 3, 0x1_0001, 0x1_0003), fc.nat(0xffff_ffff)),
  dword12: fc.oneof(fc.nat(0x7f), fc.nat(0x7f), fc.nat(0xffff_ffff)),
});
/** What a hostile host does: registers of any value, queues of any content, time that passes or does not. */
const hostile = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('register' as const),
      offset: fc.oneof(
        fc.nat(0x3f).map((dword) => dword * 4),
        fc.nat(0x3ff).map((dword) => 0x1000 + dword * 4),
        fc.nat(0xb).map((dword) => 0x1000 + dword * 4),
      ),
      width: fc.constantFrom<1 | 2 | 4>(4, 4, 4, 2, 1),
      value: fc.oneof(fc.nat(0xffff_ffff), fc.nat(20), fc.constantFrom(CC_ENABLED, CC_ENABLED | 0x4000)),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      queue: fc.nat(2),
      fields: nearlyRight,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('head' as const), queue: fc.nat(2), head: fc.nat(15) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      nanoseconds: fc.constantFrom(0, 1_000, 100_000, MILLISECOND),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

test('no register write and no queue content throws, loops or piles up work', async (t) => {
  const seen = new Map<number, number>();
  await checkProperty(
    'nvme: a hostile host',
    fc.property(
      fc.array(hostile, { maxLength: 200, size: 'max' }),
      fc.constantFrom(0, 1_000),
      (actions, latency) => {
        const disk = new Uint8Array(64 << 10);
        const bus = new CountingBus(seen);
        const model = nvme.create(nvme.options({ disk, queues: 4, latency }), 0, bus);
        const write = (offset: number, value: number) => {
          model.write(0, offset, 4, value);
        };
        const tails = [0, 0, 0];
        const submit = (queue: number, fields: CommandFields) => {
          const tail = tails[queue] ?? 0;
          bus.memory.set(encodeCommand(tail, fields), submissionBase(queue) + tail * 64);
          tails[queue] = (tail + 1) % 16;
          write(0x1000 + queue * 8, tails[queue] ?? 0);
        };
        const restart = () => {
          tails.fill(0);
          for (const [offset, value] of [
            [0x14, 0],
            [0x24, 0x000f_000f],
            [0x28, submissionBase(0)],
            [0x2c, 0],
            [0x30, completionBase(0)],
            [0x34, 0],
            [0x14, CC_ENABLED],
          ] as const) {
            write(offset, value);
          }
          bus.advance(MILLISECOND);
          for (const id of [1, 2]) {
            const dword10 = (15 << 16) | id;
            submit(0, { opcode: 5, prp1: completionBase(id), dword10, dword11: 3 });
            submit(0, { opcode: 1, prp1: submissionBase(id), dword10, dword11: (id << 16) | 1 });
          }
          bus.advance(MILLISECOND);
        };
        // Lists that point to themselves.
        const view = new DataView(bus.memory.buffer);
        for (let at = 0x19_0000; at < 0x19_1000; at += 8) view.setBigUint64(at, 0x19_0000n, true);
        restart();
        for (const action of actions) {
          if (action.kind === 'register') {
            const mask = 2 ** (action.width * 8) - 1;
            model.write(0, action.offset & -action.width, action.width, (action.value & mask) >>> 0);
            const read = model.read(0, action.offset, 4);
            assert.ok(read === read >>> 0);
          } else if (action.kind === 'command') {
            submit(action.queue, action.fields);
          } else if (action.kind === 'head') {
            write(0x1004 + action.queue * 8, action.head);
          } else if (action.kind === 'restart') {
            restart();
          } else {
            // The queues hold less than 5 * 1024 commands; each event of the clock takes one.
            assert.ok(bus.advance(action.nanoseconds) <= 5 * 1024 + 2);
          }
          assert.ok(bus.timers <= 5 + 2, `${bus.timers} timers`);
        }
      },
    ),
  );
  const count = [...seen.values()].reduce((sum, one) => sum + one, 0);
  t.diagnostic(`${count} completions of ${seen.size} statuses`);
  assert.ok(count > 1_000 && seen.size > 8, 'the commands were reached');
});

/** Counts what the controller completes, by status. */
class CountingBus extends MemoryBus {
  readonly #seen: Map<number, number>;

  constructor(seen: Map<number, number>) {
    super(4 << 20);
    this.#seen = seen;
    this.messages = 'msix';
  }

  override dmaWrite(iova: Iova, from: Uint8Array): DmaResult {
    if (from.length === 16) {
      const status = new DataView(from.buffer, from.byteOffset).getUint16(14, true) >>> 1;
      this.#seen.set(status, (this.#seen.get(status) ?? 0) + 1);
    }
    return super.dmaWrite(iova, from);
  }
}
