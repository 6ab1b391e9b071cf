/** Comparison of `nvme` on the simulated machine with QEMU's: registers, what Identify says, statuses, data moved. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Machine } from '../../../src/function/index.js';
import { SimMachine, parseMachine } from '../../../src/machines/sim/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { FREE, NvmeHost, type CommandFields, type NvmeSide } from './nvme-host.js';
import { qemu, skip, startQemu } from '../qemu/qemu.js';

const DEVICE = 5;
const DISK_BYTES = 1 << 20;
const BLOCKS = DISK_BYTES / 512;
/** Memory that both devices reach at the same address. */
const MEMORY = 0x10_0000;
const MEMORY_BYTES = 0x20_0000;
const DATA = 0x20_0000;
const LISTS = 0x2a_0000;
/** Ours says of every error that a second try is in vain, QEMU's of some. */
const DO_NOT_RETRY = 0x4000;

/** The controller of a machine, with memory at the same address on both. */
async function sideOf(machine: Machine, pause: () => Promise<void>): Promise<NvmeSide> {
  const fn = machine.open(new PciAddress(0, 0, DEVICE, 0));
  const region = fn.openRegion(0);
  const buffer = await fn.dma?.allocate(MEMORY_BYTES);
  assert.equal(buffer?.iova, BigInt(MEMORY), 'both machines begin at the same place');
  const memory = buffer.bytes;
  fn.config.write(0x04, 2, 0x0006);
  return {
    read32: (offset) => Promise.resolve(region.read32(offset)),
    write32: (offset, value) => {
      region.write32(offset, value >>> 0);
      return Promise.resolve();
    },
    readMemory: (address, bytes) => Promise.resolve(memory.slice(address - MEMORY, address - MEMORY + bytes)),
    writeMemory: (address, bytes) => {
      memory.set(bytes, address - MEMORY);
      return Promise.resolve();
    },
    pause,
  };
}

describe(`nvme beside QEMU ${qemu?.version ?? ''}`, { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'openslot-nvme-'));
  const machine = new SimMachine(
    parseMachine(`
      roots:
        - bus: 0
          slots:
            - {slot: "0${DEVICE}", model: nvme, options: {size: ${DISK_BYTES}, serial: SAME}}`),
    { clock: 'manual' },
  );
  let peer: Machine | undefined;
  let sides: readonly NvmeSide[] = [];
  let hosts: readonly NvmeHost[] = [];
  let compared = 0;

  before(async () => {
    const disk = join(folder, 'disk');
    writeFileSync(disk, new Uint8Array(DISK_BYTES));
    const drive = `-drive 'file=${disk},if=none,id=disk,format=raw'`;
    peer = await startQemu(`${drive} -device nvme,addr=0${DEVICE}.0,serial=SAME,drive=disk`);
    sides = [
      await sideOf(machine, () => {
        machine.clock.advance(1_000_000);
        return Promise.resolve();
      }),
      await sideOf(peer, () => sleep(1)),
    ];
    hosts = sides.map((side) => new NvmeHost(side));
    for (const host of hosts) await host.start();
    for (const host of hosts) assert.deepEqual(await host.createPair(1, 16, 0), [0, 0]);
  });

  after(() => {
    peer?.[Symbol.dispose]();
    machine[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function same<T>(what: string, look: (side: NvmeSide) => Promise<T>): Promise<T> {
    const [ours, theirs] = await Promise.all(sides.map(look));
    assert.deepEqual(ours, theirs, `${what}: ours, and QEMU's`);
    compared++;
    assert.ok(ours !== undefined);
    return ours;
  }

  async function command(what: string, fields: CommandFields, queue = 0): Promise<number> {
    const [ours, theirs] = await Promise.all(
      hosts.map(async (host) => {
        const { status, result, head } = await host.command(fields, queue);
        return { status: status & ~DO_NOT_RETRY, result, head };
      }),
    );
    assert.deepEqual(ours, theirs, `${what}: ours, and QEMU's`);
    compared++;
    return ours?.status ?? -1;
  }

  test('registers: what they read, and what a write leaves of each', async (t) => {
    compared = 0;
    // All but CAP, whose limits are each controller's own, and reserved bits of the queues' registers.
    for (const offset of [
      0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c,
    ]) {
      await same(`0x${offset.toString(16)}`, (side) => side.read32(offset));
    }
    for (const [offset, value] of [
      [0x0c, 0x8000_0101],
      [0x0c, 0x0000_0010],
      [0x10, 0x0000_0100],
      [0x10, 0xffff_ffff],
      [0x08, 0],
      [0x1c, 0xffff_ffff],
      [0x20, 0],
    ] as const) {
      for (const side of sides) await side.write32(offset, value);
      for (const read of [0x08, 0x0c, 0x10, 0x1c, 0x20]) {
        await same(`0x${read.toString(16)} after 0x${offset.toString(16)}`, (side) => side.read32(read));
      }
    }
    t.diagnostic(`${compared} reads equal`);
  });

  test('identify: the fields that are not a choice of the controller', async (t) => {
    compared = 0;
    const fieldsOf = async (
      what: string,
      cns: number,
      namespace: number,
      ranges: readonly (readonly [number, number])[],
    ) => {
      assert.equal(await command(what, { opcode: 0x06, namespace, prp1: DATA, dword10: cns }), 0);
      for (const [offset, bytes] of ranges) {
        await same(`${what}, byte ${offset}`, (side) => side.readMemory(DATA + offset, bytes));
      }
    };
    // Vendors, serial number, largest transfer, version, controller type, firmware slots, warning temperatures, entry
    // sizes, first power state.
    await fieldsOf('controller', 1, 0, [
      [0, 24],
      [77, 1],
      [80, 4],
      [111, 1],
      [260, 1],
      [263, 7],
      [512, 2],
      [2048, 4],
    ]);
    // Sizes, format in use, first format.
    await fieldsOf('namespace', 0, 1, [
      [0, 24],
      [26, 1],
      [29, 2],
      [128, 4],
    ]);
    for (const after of [0, 1, 7]) await fieldsOf('namespaces', 2, after, [[0, 4096]]);
    t.diagnostic(`${compared} comparisons equal`);
  });

  test('statuses: the same for what cannot be', async (t) => {
    compared = 0;
    const block = { opcode: 0x01, namespace: 1, prp1: DATA };
    const create = (opcode: number, id: number, entries: number, upper: number, prp1 = DATA, flags = 3) => ({
      opcode,
      prp1,
      dword10: ((entries - 1) << 16) | id,
      dword11: (upper << 16) | flags,
    });
    const admin: readonly CommandFields[] = [
      ...[0x03, 0x07, 0x0b, 0x0e, 0x10, 0x7f, 0xc0, 0xff].map((opcode) => ({ opcode, prp1: DATA })),
      ...[1, 2].map((flags) => ({ opcode: 0x06, flags, prp1: DATA, dword10: 1 })),
      { opcode: 0x06, flags: 0x40, prp1: DATA, dword10: 1 },
      { opcode: 0x06, prp1: DATA, dword10: 0, namespace: 0 },
      { opcode: 0x06, prp1: DATA, dword10: 0, namespace: 300 },
      { opcode: 0x06, prp1: DATA, dword10: 0, namespace: 0xffff_ffff },
      { opcode: 0x06, prp1: DATA, dword10: 2, namespace: 0xffff_fffe },
      { opcode: 0x06, prp1: DATA, dword10: 3, namespace: 0 },
      { opcode: 0x06, prp1: DATA, dword10: 4 },
      { opcode: 0x06, prp1: DATA, dword10: 0xff },
      { opcode: 0x06, prp1: DATA + 4, prp2: DATA + 0x1000, dword10: 1 },
      { opcode: 0x06, prp1: DATA + 4, prp2: DATA + 0x1004, dword10: 1 },
      create(0x05, 0, 16, 0),
      create(0x05, 65, 16, 0),
      create(0x05, 1, 16, 0),
      create(0x05, 5, 1, 0),
      create(0x05, 5, 4096, 0),
      create(0x05, 5, 16, 1),
      create(0x05, 5, 16, 65),
      create(0x05, 5, 16, 0, DATA + 4),
      create(0x05, 5, 16, 0, DATA, 2),
      create(0x05, 5, 16, 0),
      create(0x05, 5, 16, 0),
      create(0x01, 5, 16, 4),
      create(0x01, 5, 16, 0),
      create(0x01, 0, 16, 5),
      create(0x01, 65, 16, 5),
      create(0x01, 5, 1, 5),
      create(0x01, 5, 4096, 5),
      create(0x01, 5, 16, 5, DATA + 8),
      create(0x01, 5, 16, 5, DATA, 0),
      create(0x01, 5, 16, 5, DATA, 1),
      create(0x01, 5, 16, 5, DATA, 1),
      { opcode: 0x04, dword10: 5 },
      { opcode: 0x00, dword10: 0 },
      { opcode: 0x00, dword10: 7 },
      { opcode: 0x00, dword10: 65 },
      { opcode: 0x00, dword10: 5 },
      { opcode: 0x04, dword10: 5 },
      ...[0x00, 0x03, 0x0c, 0x0d, 0x80, 0xff].flatMap((feature) => [
        { opcode: 0x09, dword10: feature },
        { opcode: 0x0a, dword10: feature },
      ]),
      ...[0x01, 0x02, 0x08, 0x09, 0x0a].map((feature) => ({ opcode: 0x09, dword10: feature })),
      ...[0x01, 0x02, 0x04, 0x05, 0x07, 0x08, 0x09, 0x0a, 0x0b].map((feature) => ({
        opcode: 0x0a,
        dword10: 0x300 | feature,
      })),
      { opcode: 0x09, dword10: 0x04, dword11: 0x0150 },
      { opcode: 0x0a, dword10: 0x04 },
      { opcode: 0x09, dword10: 0x05, dword11: 1 },
      { opcode: 0x09, dword10: 0x07, dword11: 0xffff },
      { opcode: 0x09, dword10: 0x07, dword11: 0x0001_0001 },
      { opcode: 0x0a, dword10: 0x07 },
      { opcode: 0x09, dword10: 0x8000_000b },
      { opcode: 0x09, dword10: 0x0b, dword11: 0xff },
      { opcode: 0x0a, dword10: 0x0b },
      { opcode: 0x02, prp1: DATA, dword10: (15 << 16) | 1 },
      { opcode: 0x02, prp1: DATA, dword10: (127 << 16) | 2, namespace: 0xffff_ffff },
      { opcode: 0x02, prp1: DATA, dword10: (127 << 16) | 3 },
      { opcode: 0x02, prp1: DATA, dword10: (127 << 16) | 3, dword12: 512 },
      { opcode: 0x02, prp1: DATA, dword10: (255 << 16) | 3, dword12: 256 },
      { opcode: 0x08, dword10: 0x5_0000 },
    ];
    const io: readonly CommandFields[] = [
      block,
      { ...block, opcode: 0x02 },
      { opcode: 0x00, namespace: 1 },
      { opcode: 0x00, namespace: 0xffff_ffff },
      { opcode: 0x00, namespace: 0 },
      { ...block, namespace: 0 },
      { ...block, namespace: 300 },
      ...[0x03, 0x06, 0x0d, 0x7f, 0x80, 0xff].map((opcode) => ({ ...block, opcode })),
      { ...block, flags: 1 },
      { ...block, dword10: BLOCKS - 1 },
      { ...block, dword10: BLOCKS },
      { ...block, dword10: BLOCKS - 1, dword12: 1 },
      { ...block, dword10: 0xffff_ffff, dword11: 0xffff_ffff },
      { ...block, dword12: 0xffff },
      { ...block, dword12: 1024 },
      { ...block, dword12: 15, prp2: DATA + 8 },
      { ...block, dword12: 31, prp2: DATA + 0x1000 },
      { ...block, dword12: 0x4000_0000 },
    ];
    for (const side of sides) await side.writeMemory(DATA, new Uint8Array(0x4000).fill(0xa5));
    for (const fields of admin) await command(JSON.stringify(fields), fields);
    for (const fields of io) await command(JSON.stringify(fields), fields, 1);
    t.diagnostic(`${compared} completions equal: status, result, head`);
  });

  test('blocks written and read through data pointers of any form', async (t) => {
    compared = 0;
    const pages = Array.from({ length: 24 }, (_, index) => DATA + index * 4096);
    const move = fc.record({
      isWrite: fc.boolean(),
      block: fc.nat(BLOCKS - 1),
      blocks: fc.integer({ min: 1, max: 160 }),
      offset: fc.nat(1023).map((dword) => dword * 4),
      order: fc.shuffledSubarray(pages, { minLength: 24 }),
      /** Entries before the end of the page that the list starts in. */
      listRoom: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 512 })),
      seed: fc.nat(255),
    });
    await checkProperty(
      'nvme: beside QEMU, blocks',
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 4 }), async (moves) => {
        for (const { isWrite, block, blocks, offset, order, listRoom, seed } of moves) {
          const content = Uint8Array.from({ length: 4096 }, (_, index) => (index * 11 + seed) & 0xff);
          const bytes = blocks * 512;
          const needed = Math.ceil((offset + bytes) / 4096);
          const used = order.slice(0, needed);
          const [first = FREE, second = 0] = used;
          const { pointer, parts } = list(used.slice(1), listRoom);
          for (const side of sides) {
            for (const [index, page] of used.entries()) {
              content[0] = index;
              await side.writeMemory(page, content);
            }
            for (const [address, entries] of parts) await side.writeMemory(address, entries);
          }
          await command(
            isWrite ? 'write' : 'read',
            {
              opcode: isWrite ? 0x01 : 0x02,
              namespace: 1,
              prp1: first + offset,
              prp2: needed > 2 ? pointer : second,
              dword10: block,
              dword12: blocks - 1,
            },
            1,
          );
          for (const page of used)
            await same('page', async (side) => Buffer.from(await side.readMemory(page, 4096)));
        }
      }),
      { numRuns: 12 },
    );
    // What all of it left on the disk.
    for (let block = 0; block < BLOCKS; block += 128) {
      const read = { opcode: 0x02, namespace: 1, prp1: DATA, prp2: LISTS, dword10: block, dword12: 127 };
      const { parts } = list(pages.slice(1, 16), 512);
      for (const side of sides) {
        for (const [, entries] of parts) await side.writeMemory(LISTS, entries);
      }
      await command('read', read, 1);
      await same('disk', async (side) => Buffer.from(await side.readMemory(DATA, 0x1_0000)));
    }
    t.diagnostic(`${compared} comparisons equal`);
  });
});

/** A list of pages that starts `room` entries before the end of its page, and goes on in the next one. */
function list(pages: readonly number[], room: number) {
  const pointer = LISTS + 4096 - room * 8;
  const goesOn = pages.length > room;
  const here = goesOn ? [...pages.slice(0, room - 1), LISTS + 4096] : pages;
  const parts: (readonly [number, Uint8Array])[] = [[pointer, entriesOf(here)]];
  if (goesOn) parts.push([LISTS + 4096, entriesOf(pages.slice(room - 1))]);
  return { pointer, parts: parts.filter(([, bytes]) => bytes.length > 0) };
}

function entriesOf(pages: readonly number[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(pages, BigInt).buffer);
}
