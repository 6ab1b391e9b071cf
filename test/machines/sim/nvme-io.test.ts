/** The `nvme` model's I/O: data pointers, statuses, completions in their order and time, interrupts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  INVALID_FIELD,
  INVALID_NAMESPACE,
  make,
  MILLISECOND,
  pattern,
  PRP_OFFSET_INVALID,
  sameBytes,
  started,
  status,
} from './nvme-device.js';
import { FREE, completionBase, submissionBase, type NvmeHost } from './nvme-host.js';

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
