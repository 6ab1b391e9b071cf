/** Functions of QEMU's models: found behind bridges, addressed, interrupted, reached by DMA, reset. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  changeCommand,
  ROM_REGION,
  surveyMachine,
  type Iova,
  type PciFunction,
} from '../../../src/function/index.js';
import type { QemuMachine } from '../../../src/machines/qemu/index.js';
import { CommandBit, Header, notations } from '../../../src/pci/index.js';
import { qemu, skip, startQemu } from './qemu.js';
import { EVERYTHING } from './subjects.js';

const EDU = 0x11e8;
const RAISE = 0x60;
const ACKNOWLEDGE = 0x64;
const ROM_BYTES = 4096;

describe(`functions of QEMU ${qemu?.version ?? ''}`, { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'openslot-rom-'));
  const opened: PciFunction[] = [];
  let running: QemuMachine | undefined;

  before(async () => {
    // A ROM as PCI wants it, 512 bytes a block; its name has a blank.
    const rom = new Uint8Array(ROM_BYTES).map((_, index) => index & 0xff);
    rom.set([0x55, 0xaa, ROM_BYTES / 512]);
    writeFileSync(join(folder, 'a rom'), rom);
    running = await startQemu(`${EVERYTHING} -device 'e1000,addr=12.0,romfile=${join(folder, 'a rom')}'`);
  });

  after(() => {
    running?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function machine(): QemuMachine {
    assert.ok(running !== undefined);
    return running;
  }

  function open(text: string): PciFunction {
    const fn = machine().open(notations.hex.parse(text));
    opened.push(fn);
    return fn;
  }

  /** Decoding and mastering, with its registers. */
  function edu(text: string) {
    const fn = open(text);
    assert.equal(fn.config.read(Header.device, 2), EDU);
    fn.setEnabled(true);
    changeCommand(fn.config, CommandBit.busMaster);
    return { fn, region: fn.openRegion(0) };
  }

  test('a bridge offers no interrupts, though it has messages of its own', () => {
    const bridge = machine()
      .list()
      .find(({ headerType }) => headerType === 1);
    assert.ok(bridge !== undefined);
    const { interrupts } = open(String(bridge.address));
    assert.deepEqual(interrupts?.available, { intx: 0, msi: 0, msix: 0 });
    assert.throws(() => interrupts.open({ kind: 'msix', vector: 0 }), { code: 'INTERRUPT_ABSENT' });
  });

  /** On one line: one behind a bridge, the other on the root bus. */
  const EDUS = ['01:00.0', '00:06.0'] as const;

  test('every function has its place, and no two addresses overlap', () => {
    const names = machine()
      .list()
      .map(
        ({ address, vendor, device }) => `${String(address)} ${vendor.toString(16)}:${device.toString(16)}`,
      );
    for (const expected of [
      '0000:00:00.0 8086:29c0',
      '0000:01:00.0 1234:11e8',
      '0000:02:00.0 1b36:10',
      '0000:03:00.0 8086:10d3',
      '0000:04:00.0 1b36:e',
      '0000:05:02.0 1b36:5',
      '0000:05:03.0 1234:11e8',
    ])
      assert.ok(names.includes(expected), `${expected} in ${names.join(', ')}`);
    assert.ok(!names.some((name) => name.includes('1af4:1110')), 'the doorbell is the machine’s own');
    const { functions } = surveyMachine(machine());
    const ranges = functions
      .flatMap(({ summary, regions }) =>
        regions.map((region) => ({ ...region, of: String(summary.address) })),
      )
      .sort((a, b) => Number(a.address - b.address));
    for (const { address, of } of ranges) assert.notEqual(address, 0n, of);
    for (const kind of ['io', 'memory'] as const) {
      const own = ranges.filter((range) => range.kind === kind);
      for (const [index, range] of own.entries()) {
        const next = own[index + 1];
        if (next !== undefined)
          assert.ok(range.address + BigInt(range.size) <= next.address, `${range.of}, ${next.of}`);
      }
    }
    // The survey knows the wires from the tree alone; lines of one wire are the same.
    for (const { wire, line } of functions) {
      for (const other of functions)
        if (wire !== undefined && wire.device === other.wire?.device && wire.pin === other.wire.pin)
          assert.equal(line, other.line);
    }
  });

  test('each width of configuration space, up to its end', () => {
    const nvme = open('02:00.0');
    assert.equal(nvme.config.size, 4096);
    assert.equal(open('01:00.0').config.size, 256);
    nvme.config.write(Header.interruptLine, 1, 0x5a);
    assert.equal(nvme.config.read(Header.interruptLine, 1), 0x5a);
    assert.equal(nvme.config.read(Header.interruptLine, 2), 0x015a, 'pin INTA beside it');
    assert.equal(nvme.config.read(Header.interruptLine, 4) & 0xffff, 0x015a);
  });

  test('a ROM can be read while it is open, and does not decode before', () => {
    const fn = open('00:12.0');
    const info = fn.regions.find(({ index }) => index === ROM_REGION);
    assert.ok(info !== undefined && info.size === ROM_BYTES && info.address !== 0n);
    assert.equal(fn.config.read(0x30, 4) & 1, 0);
    fn.setEnabled(true);
    const region = fn.openRegion(ROM_REGION);
    assert.deepEqual(
      [region.read16(0), region.read32(8), region.read64(16)],
      [0xaa55, 0x0b0a_0908, 0x1716_1514_1312_1110n],
    );
    region.close();
    assert.equal(fn.config.read(0x30, 4) & 1, 0);
  });

  test('two functions on one line: each gets its own, and none hides that of the other', () => {
    const parties = EDUS.map(edu);
    const lines = parties.map(({ fn }) => fn.interruptLine);
    assert.equal(lines[0], lines[1]);
    const streams = parties.map(({ fn }) => {
      const stream = fn.interrupts?.open({ kind: 'intx' });
      assert.ok(stream !== undefined);
      return stream;
    });
    for (const [index, { region }] of parties.entries()) {
      region.write32(RAISE, 1);
      assert.equal(streams[index]?.wait(10_000)?.count, 1);
    }
    // None is acknowledged: with all their levels up, each comes again and no other one with it.
    for (const [index, { region }] of parties.entries()) {
      assert.equal(streams[index]?.wait(10_000)?.count, 1);
      region.write32(ACKNOWLEDGE, 1);
      assert.equal(streams[index]?.wait(10), undefined);
    }
    for (const stream of streams) stream[Symbol.dispose]();
  });

  test('twenty thousand messages are counted, none lost', () => {
    const { fn, region } = edu('01:00.0');
    using stream = fn.interrupts?.open({ kind: 'msi', vector: 0 });
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      region.write32(RAISE, 1);
      region.write32(ACKNOWLEDGE, 1);
    }
    let sum = 0;
    for (let more = stream?.wait(1000); more !== undefined; more = stream?.wait(10)) sum += more.count;
    assert.equal(sum, rounds);
  });

  test('all vectors of MSI-X at once, each by its own', () => {
    const fn = machine()
      .list()
      .find(({ vendor, device }) => vendor === 0x1b36 && device === 6);
    assert.ok(fn !== undefined);
    const rocker = open(String(fn.address));
    rocker.setEnabled(true);
    changeCommand(rocker.config, CommandBit.busMaster);
    const { interrupts } = rocker;
    assert.ok(interrupts !== undefined);
    const region = rocker.openRegion(0);
    const vectors = [...Array(interrupts.available.msix).keys()];
    const streams = vectors.map((vector) => interrupts.open({ kind: 'msix', vector }));
    for (const vector of vectors) for (let count = 0; count <= vector; count++) region.write32(0x20, vector);
    for (const [vector, stream] of streams.entries()) {
      assert.deepEqual(stream.wait(10_000), { source: { kind: 'msix', vector }, count: vector + 1 });
      assert.equal(stream.wait(0), undefined);
    }
    // One that is closed is masked, and what it raises then does not reach whoever has its number next.
    streams[1]?.[Symbol.dispose]();
    region.write32(0x20, 1);
    using again = interrupts.open({ kind: 'msix', vector: 1 });
    assert.equal(again.wait(1000)?.count, 1, 'it was pending while it was masked');
    for (const stream of streams) stream[Symbol.dispose]();
  });

  test('memory is the device’s own: at its address, in the file, and other people’s is not touched', async () => {
    const { fn } = edu('01:00.0');
    const { dma } = fn;
    assert.ok(dma?.file !== undefined);
    using low = await dma.allocate(100, { highest: 0x1f_ffffn as Iova });
    using aligned = await dma.allocate(0x3000, { alignment: 0x10_0000, boundary: 0x1000, segments: 3 });
    assert.equal(aligned.iova % 0x10_0000n, 0n);
    assert.equal(aligned.segments.length, 3);
    assert.equal(aligned.fileOffset, Number(aligned.iova));
    assert.ok(low.iova + 99n <= 0x1f_ffffn);
    await assert.rejects(dma.allocate(0x1000_0000), { code: 'DMA_NO_ADDRESS' });
    await assert.rejects(dma.allocate(1, { highest: 0xfff0n as Iova }), { code: 'DMA_NO_ADDRESS' });
  });

  test('resets: function level where the model has it, with the bus where it is alone there', async () => {
    assert.deepEqual(open('02:00.0').resetMethods, ['flr', 'bus']);
    assert.deepEqual(open('01:00.0').resetMethods, ['bus']);
    assert.deepEqual(open('05:03.0').resetMethods, [], 'it shares its bus');
    const { fn, region } = edu('01:00.0');
    region.write32(0x04, 0x1234_5678);
    using stream = fn.interrupts?.open({ kind: 'msi', vector: 0 });
    const bar = fn.config.read(Header.firstBar, 4);
    assert.equal(await fn.reset(), 'bus');
    assert.equal(fn.config.read(Header.firstBar, 4), bar);
    region.write32(RAISE, 1);
    assert.equal(stream?.wait(10_000)?.count, 1, 'messages are as they were');
    region.write32(ACKNOWLEDGE, 1);
    // FLR takes the controller's enable with it.
    const nvme = open('02:00.0');
    nvme.setEnabled(true);
    const registers = nvme.openRegion(0);
    registers.write32(0x14, 0x0046_0000);
    assert.equal(await nvme.reset(), 'flr');
    assert.equal(registers.read32(0x14), 0);
  });

  test('interrupts end with who has opened them, and those of one kind keep the others out', () => {
    const { fn } = edu('01:00.0');
    const { interrupts } = fn;
    assert.ok(interrupts !== undefined);
    const pin = interrupts.open({ kind: 'intx' });
    assert.throws(() => interrupts.open({ kind: 'msi', vector: 0 }), { code: 'INTERRUPT_TAKEN' });
    const view = open('01:00.0');
    assert.throws(() => view.interrupts?.open({ kind: 'intx' }), { code: 'INTERRUPT_TAKEN' });
    assert.equal(pin.wait(1), undefined);
    fn.close();
    view.interrupts?.open({ kind: 'msi', vector: 0 })[Symbol.dispose]();
    assert.equal(view.config.read(Header.command, 2) & CommandBit.intxDisable, CommandBit.intxDisable);
  });
});
