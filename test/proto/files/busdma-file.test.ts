/** The file busdma over the simulated machine: what it refuses, whose memory it shares, and how its program's end ends the device's DMA. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import type { Region } from '../../../src/function/index.js';
import { mapFile } from '../../../src/os/index.js';
import type { SimMachine } from '../../../src/machines/sim/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { FileError, type OpenFile } from '../../../src/proto/index.js';
import {
  ANY,
  BUSDMA,
  caller,
  EDU,
  eduMachine,
  errnoOf,
  folderOf,
  openBusdma,
  ownMemory,
  Program,
  Request,
} from './busdma-program.js';

const PAGE = 4096;
const COMMAND = 4;
const BUS_MASTER = 4;
const MEMORY_AND_MASTER = 6;
/** Where edu's DMA registers see its buffer, and what they start. */
const EDU_BUFFER = 0x4_0000n;
const RUN = 1;
const TO_MEMORY = 2;
/** Nanoseconds that a transfer of edu takes, and a bit. */
const TRANSFER = 110e6;
const PRE_READ = 1;
const POST_READ = 2;
const PRE_WRITE = 4;
const POST_WRITE = 8;

function refusal(errno: string) {
  return (error: unknown) => error instanceof FileError && error.errno === errno;
}

/** An edu whose registers are at hand and which masters the bus. */
function edu(machine: SimMachine, address = EDU): Region {
  const fn = machine.open(address);
  fn.config.write(COMMAND, 2, MEMORY_AND_MASTER);
  return fn.openRegion(0);
}

function start(region: Region, from: bigint, to: bigint, bytes: number, direction: 0 | 2): void {
  region.write64(0x80, from);
  region.write64(0x88, to);
  region.write64(0x90, BigInt(bytes));
  region.write64(0x98, BigInt(RUN | direction));
}

function toDevice(machine: SimMachine, region: Region, from: bigint, bytes: number): void {
  start(region, from, EDU_BUFFER, bytes, 0);
  machine.clock.advance(TRANSFER);
}

function toMemory(machine: SimMachine, region: Region, to: bigint, bytes: number): void {
  start(region, EDU_BUFFER, to, bytes, TO_MEMORY);
  machine.clock.advance(TRANSFER);
}

/** A page of what a program maps the file with. */
function mapped(file: OpenFile, offset: bigint, bytes: number): Uint8Array {
  assert.ok(file.backing !== undefined);
  return new Uint8Array(mapFile(file.backing, Number(offset), bytes, 'busdma').buffer);
}

describe('busdma', () => {
  test('has no data, one opener, and no requests but its own', async () => {
    using machine = eduMachine();
    const folder = folderOf(machine);
    const file = openBusdma(folder);
    const pending = { answer: () => true, fail: () => undefined, onGone: () => undefined };
    assert.throws(() => file.read(0, new Uint8Array(4), pending, false), refusal('EIO'));
    assert.throws(() => file.write(0, new Uint8Array(4)), refusal('EIO'));
    assert.throws(() => file.ioctl?.(0xc010_6801, new Uint8Array(16), caller), refusal('EINVAL'));
    assert.throws(() => file.ioctl?.(0xc010_6803, new Uint8Array(16), caller), refusal('ENOTTY'));
    assert.throws(() => openBusdma(folder), refusal('EBUSY'));
    assert.equal(await new Program(file).errno(31), 'EINVAL');
    file.release();
    openBusdma(folder).release();
    assert.deepEqual(folder.holders, []);
  });

  test('memory that was allocated is the same for program and device', async () => {
    using machine = eduMachine();
    const file = openBusdma(folderOf(machine));
    const program = new Program(file);
    const region = edu(machine);
    const { key } = await program.tag({ ...ANY, maxaddr: 0xfff_ffffn });
    const { map } = await program.allocate(key);
    assert.equal(map.virtSize, 8192n);
    const bytes = mapped(file, map.physAddr, 8192);
    bytes.set(Buffer.from('written by the program'));
    toDevice(machine, region, map.busAddr, 22);
    toMemory(machine, region, map.busAddr + 4096n, 22);
    assert.equal(Buffer.from(bytes.subarray(4096, 4096 + 22)).toString(), 'written by the program');
    file.release();
  });

  test('its size tells where that memory ends, for who looks before mapping', async () => {
    using machine = eduMachine();
    const folder = folderOf(machine);
    const file = openBusdma(folder);
    const program = new Program(file);
    assert.equal(folder.files[0]?.size, 0);
    const { key } = await program.tag({ ...ANY, maxsz: 5000n });
    const { map } = await program.allocate(key);
    assert.equal(BigInt(folder.files[0]?.size ?? 0), map.physAddr + 8192n);
    file.release();
    assert.equal(folder.files[0]?.size, 0);
  });

  test('where the machine’s memory is its own, it is not mapped, and loading is the way', async () => {
    using machine = eduMachine('', false);
    const folder = folderOf(machine);
    const file = openBusdma(folder);
    const program = new Program(file);
    const region = edu(machine);
    const { key } = await program.tag(ANY);
    const { map } = await program.allocate(key);
    assert.deepEqual([file.backing, folder.files[0]?.size, map.physAddr], [undefined, 0, map.busAddr]);
    const own = ownMemory(PAGE);
    own.bytes.set(Buffer.from('still'));
    const loaded = await program.create(key);
    const place = await program.load(loaded, own.address, PAGE);
    toDevice(machine, region, place.busAddr, 5);
    toMemory(machine, region, place.busAddr + 8n, 5);
    await program.sync(loaded, POST_READ);
    assert.equal(Buffer.from(own.bytes.subarray(8, 13)).toString(), 'still');
    file.release();
  });

  test('what one program still maps is not the next one’s memory', async () => {
    using machine = eduMachine();
    const folder = folderOf(machine);
    const first = openBusdma(folder);
    const one = new Program(first);
    const { map } = await one.allocate((await one.tag(ANY)).key);
    const kept = mapped(first, map.physAddr, 8192);
    kept.fill(0x55);
    first.release();
    assert.ok(
      kept.every((byte) => byte === 0),
      'given back',
    );
    const second = openBusdma(folder);
    const two = new Program(second);
    const { map: again } = await two.allocate((await two.tag(ANY)).key);
    assert.equal(again.physAddr, map.physAddr, 'the same place');
    const own = mapped(second, again.physAddr, 8192);
    kept.fill(0xaa);
    assert.ok(own.every((byte) => byte === 0));
    second.release();
  });
});

describe('memory of a program that is loaded', () => {
  async function loaded() {
    const machine = eduMachine();
    const file = openBusdma(folderOf(machine));
    const program = new Program(file);
    const region = edu(machine);
    const { key: tag } = await program.tag(ANY);
    const map = await program.create(tag);
    const own = ownMemory(3 * PAGE);
    own.bytes.fill(0x11);
    const inside = own.bytes.subarray(100, 100 + 5000);
    const place = await program.load(map, own.address + 100n, inside.length);
    return { machine, file, program, region, map, own, inside, place };
  }

  test('goes to the device before it reads, and comes from it after it wrote', async () => {
    const { machine, file, program, region, map, own, inside, place } = await loaded();
    inside.set(Buffer.from('program'));
    toDevice(machine, region, place.busAddr, 7);
    toMemory(machine, region, place.busAddr + 100n, 7);
    await program.sync(map, POST_READ);
    assert.equal(inside[0], 0x11, 'without a sync before, the device saw what was there when it was loaded');
    inside.set(Buffer.from('program'));
    await program.sync(map, PRE_WRITE);
    toDevice(machine, region, place.busAddr, 7);
    await program.sync(map, POST_WRITE);
    inside.fill(0x33, 200, 300);
    await program.sync(map, PRE_READ);
    toMemory(machine, region, place.busAddr + 4990n, 7);
    assert.equal(inside[4990], 0x11, 'not before it is synced');
    await program.sync(map, POST_READ);
    assert.equal(Buffer.from(inside.subarray(4990, 4997)).toString(), 'program');
    assert.equal(inside[250], 0x33, 'what the program wrote before it let the device write is there');
    assert.equal(inside[4989], 0x11, 'what the device did not write is as it was');
    assert.ok(own.bytes.subarray(0, 100).every((byte) => byte === 0x11));
    assert.ok(own.bytes.subarray(5100).every((byte) => byte === 0x11));
    file.release();
    machine[Symbol.dispose]();
  });

  test('a sync that ends one transfer and begins the next does it in this order', async () => {
    const { machine, file, program, region, map, inside, place } = await loaded();
    toDevice(machine, region, place.busAddr, 4);
    toMemory(machine, region, place.busAddr + 8n, 4);
    inside.fill(0x22);
    await program.sync(map, POST_READ | PRE_WRITE);
    assert.equal(inside[20], 0x11, 'the device’s side came first');
    file.release();
    machine[Symbol.dispose]();
  });

  test('is synced by the process alone that loaded it', async () => {
    const { machine, file, map } = await loaded();
    const other = spawn('sleep', ['60']);
    assert.ok(other.pid !== undefined);
    const argument = new Uint8Array(88);
    const view = new DataView(argument.buffer);
    view.setUint32(0, Request.sync, true);
    view.setBigUint64(8, map, true);
    view.setUint32(16, POST_READ, true);
    const sync = (pid: number) =>
      errnoOf(Promise.resolve(file.ioctl?.(BUSDMA, argument, { ...caller, pid })));
    assert.equal(await sync(other.pid), 'EPERM');
    assert.equal(await sync(process.pid), '');
    other.kill();
    file.release();
    machine[Symbol.dispose]();
  });

  test('another request of the map waits its turn, and closing waits for what is at work', async () => {
    const { machine, file, program, map } = await loaded();
    const syncing = program.sync(map, PRE_WRITE);
    assert.equal(await errnoOf(program.sync(map, PRE_WRITE)), 'EBUSY');
    assert.equal(await program.errno(Request.mdUnload, map), 'EBUSY');
    assert.equal(await program.errno(Request.mdDestroy, map), 'EBUSY');
    await syncing;
    const last = program.sync(map, POST_READ);
    file.release();
    assert.equal(await errnoOf(last), '');
    using fn = machine.open(EDU);
    assert.equal((await fn.dma?.allocate(1))?.iova, 0x10_0000n, 'its memory is free');
    machine[Symbol.dispose]();
  });
});

describe('the end of a program', () => {
  test('switches bus mastering off before its memory goes, under a device at work', async () => {
    // Without an IOMMU nothing else would keep the device out of what comes after it.
    using machine = eduMachine('iommu: false');
    const file = openBusdma(folderOf(machine, [EDU]));
    const program = new Program(file);
    const region = edu(machine);
    const { map } = await program.allocate((await program.tag(ANY)).key);
    toDevice(machine, region, map.busAddr, 64);
    const commands: number[] = [];
    let memoryIsHeld = false;
    using _watch = machine.watchConfig(EDU, ({ offset, value }) => {
      if (offset !== COMMAND) return;
      commands.push(value);
      const free = machine.host.allocateMemory(8192);
      memoryIsHeld = BigInt(free.base) !== map.busAddr;
      free.free();
    });
    start(region, EDU_BUFFER, map.busAddr, 64, TO_MEMORY);
    file.release();
    assert.deepEqual(
      commands.map((command) => command & BUS_MASTER),
      [0],
    );
    assert.ok(memoryIsHeld, 'the memory went after it');
    const next = machine.host.allocateMemory(8192);
    assert.equal(BigInt(next.base), map.busAddr, 'somebody else has the memory');
    const bytes = new Uint8Array(next.buffer).fill(0x77);
    machine.clock.advance(TRANSFER);
    assert.ok(bytes.every((byte) => byte === 0x77));
    assert.equal(machine.iommuFaults.recent.at(-1)?.why, 'bus_master_off');
  });

  test('a function that was taken away keeps its registers as its new driver has set them', async () => {
    using machine = eduMachine();
    const folder = folderOf(machine);
    const file = openBusdma(folder);
    const program = new Program(file);
    edu(machine);
    const { key } = await program.tag(ANY);
    await program.allocate(key);
    folder.remove();
    assert.equal(await errnoOf(program.allocate(key)), 'ENXIO');
    assert.throws(() => openBusdma(folder), refusal('ENXIO'));
    file.release();
    using fn = machine.open(EDU);
    assert.equal(fn.config.read(COMMAND, 2) & BUS_MASTER, BUS_MASTER);
    assert.equal((await fn.dma?.allocate(1))?.iova, 0x10_0000n, 'its memory is free');
  });
});

describe('isolation', () => {
  test('without an IOMMU busdma is refused, unless its function is named', () => {
    using machine = eduMachine('iommu: false');
    const folder = folderOf(machine);
    assert.throws(
      () => openBusdma(folder),
      (error) =>
        error instanceof FileError &&
        error.errno === 'EPERM' &&
        error.message.includes('--unsafe-dma 0000:00:03.0'),
    );
    assert.deepEqual(folder.holders, []);
    openBusdma(folderOf(machine, [EDU])).release();
  });

  test('DMA outside of the maps reaches nothing, and is told: once at a sync, each by the request for faults', async () => {
    using machine = eduMachine();
    const file = openBusdma(folderOf(machine));
    const program = new Program(file);
    const region = edu(machine);
    const { key, map } = await program.allocate((await program.tag(ANY)).key);
    assert.equal(await program.fault(), undefined);
    const outside = map.busAddr + 0x10_0000n;
    toMemory(machine, region, outside, 16);
    toDevice(machine, region, outside + 4096n, 16);
    await program.sync(key, PRE_READ | PRE_WRITE);
    assert.equal(await errnoOf(program.sync(key, POST_READ)), 'EIO');
    await program.sync(key, POST_READ | POST_WRITE);
    assert.deepEqual(await program.fault(), [2, 1, outside, 2n]);
    assert.deepEqual(await program.fault(), [1, 1, outside + 4096n, 2n]);
    assert.equal(await program.fault(), undefined);
    for (let faults = 0; faults < 200; faults++) toMemory(machine, region, outside, 16);
    assert.deepEqual(await program.fault(), [2, 1, outside, 202n], 'the last ones are kept');
    for (let left = 63; left > 0; left--) assert.ok((await program.fault()) !== undefined);
    assert.equal(await program.fault(), undefined);
    file.release();
  });

  test('a fault is told to the program whose device it is, and to no other', async () => {
    using machine = eduMachine('', true, ['04']);
    const other = edu(machine, new PciAddress(0, 0, 4, 0));
    const own = edu(machine);
    const file = openBusdma(folderOf(machine));
    const program = new Program(file);
    const { key, map } = await program.allocate((await program.tag(ANY)).key);
    const outside = map.busAddr + 0x10_0000n;
    toMemory(machine, other, outside, 16);
    assert.equal(machine.iommuFaults.count, 1);
    await program.sync(key, POST_READ);
    assert.equal(await program.fault(), undefined);
    toMemory(machine, own, outside, 16);
    assert.equal(machine.iommuFaults.count, 2);
    assert.equal(await errnoOf(program.sync(key, POST_READ)), 'EIO');
    assert.deepEqual(await program.fault(), [2, 1, outside, 1n]);
    file.release();
  });
});
