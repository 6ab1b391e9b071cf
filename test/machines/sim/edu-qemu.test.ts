/** Comparison of `edu` on the simulated machine with QEMU's: the same accesses on both, and every value equal. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Machine, PciFunction, Region } from '../../../src/function/index.js';
import { SimMachine, parseMachine } from '../../../src/machines/sim/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { qemu, skip, startQemu } from '../qemu/qemu.js';

type Width = 1 | 2 | 4 | 8;

const DEVICE = 4;
/** Memory that both devices reach at the same address. */
const MEMORY = 0x10_0000;
const MEMORY_BYTES = 0x2000;
const COMMAND = 0x04;
const RUN = 1n;

/** One edu, wherever it lives, and memory that it reaches. */
class Edu {
  #fn: PciFunction;
  #region: Region;
  readonly #machine: Machine;
  readonly #memory: Uint8Array;
  /** Lets a tenth of a second pass for the device, or a part of it. */
  readonly pause: () => Promise<void>;

  private constructor(machine: Machine, memory: Uint8Array, fn: PciFunction, pause: () => Promise<void>) {
    this.#machine = machine;
    this.#fn = fn;
    this.#region = fn.openRegion(0);
    this.#memory = memory;
    this.pause = pause;
  }

  static async open(machine: Machine, pause: () => Promise<void>): Promise<Edu> {
    const fn = machine.open(new PciAddress(0, 0, DEVICE, 0));
    const buffer = await fn.dma?.allocate(MEMORY_BYTES);
    assert.equal(buffer?.iova, BigInt(MEMORY), 'both machines begin at the same place');
    return new Edu(machine, buffer.bytes, fn, pause);
  }

  get address(): number {
    return Number(this.#region.info.address);
  }

  /** Puts the BAR elsewhere. */
  move(address: number): void {
    this.#fn.config.write(0x10, 4, address);
    this.#fn = this.#machine.open(this.#fn.address);
    this.#region = this.#fn.openRegion(0);
  }

  config(offset: number, width: 1 | 2 | 4): number {
    return this.#fn.config.read(offset, width);
  }

  setConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    this.#fn.config.write(offset, width, value);
  }

  read(offset: number, width: Width): bigint {
    if (width === 8) return this.#region.read64(offset);
    if (width === 4) return BigInt(this.#region.read32(offset));
    return BigInt(width === 2 ? this.#region.read16(offset) : this.#region.read8(offset));
  }

  write(offset: number, width: Width, value: bigint): void {
    if (width === 8) this.#region.write64(offset, value);
    else if (width === 4) this.#region.write32(offset, Number(value));
    else if (width === 2) this.#region.write16(offset, Number(value));
    else this.#region.write8(offset, Number(value));
  }

  readMemory(offset: number, bytes: number): Uint8Array {
    return this.#memory.slice(offset, offset + bytes);
  }

  writeMemory(offset: number, bytes: Uint8Array): void {
    this.#memory.set(bytes, offset);
  }
}

/** Both, kept in step; each comparison is counted. */
class Pair {
  readonly #sides: readonly [Edu, Edu];
  compared = 0;

  constructor(ours: Edu, theirs: Edu) {
    this.#sides = [ours, theirs];
  }

  both(action: (side: Edu) => void): void {
    for (const side of this.#sides) action(side);
  }

  same<T>(what: string, look: (side: Edu) => T): T {
    const [ours, theirs] = [look(this.#sides[0]), look(this.#sides[1])];
    assert.deepEqual(ours, theirs, `${what}: ours, and QEMU's`);
    this.compared++;
    return ours;
  }

  write(offset: number, width: Width, value: bigint): void {
    this.both((side) => {
      side.write(offset, width, value);
    });
  }

  read(offset: number, width: Width): bigint {
    return this.same(`${width} bytes at 0x${offset.toString(16)}`, (side) => side.read(offset, width));
  }

  config(offset: number, width: 1 | 2 | 4): number {
    return this.same(`config ${width} bytes at 0x${offset.toString(16)}`, (side) =>
      side.config(offset, width),
    );
  }

  /** Lets each go on until it is idle. */
  async settle(): Promise<void> {
    for (const side of this.#sides) {
      const isIdle = () => (side.read(0x20, 4) & 1n) === 0n && (side.read(0x98, 8) & RUN) === 0n;
      for (let tries = 0; !isIdle(); tries++) {
        assert.ok(tries < 10_000, 'it becomes idle');
        await side.pause();
      }
    }
  }

  /** QEMU's thread tells that it is done before it interrupts, where an interrupt is wanted. */
  async computed(): Promise<void> {
    await this.settle();
    for (const side of this.#sides) {
      const wanted = (side.read(0x20, 4) & 0x80n) !== 0n;
      for (let tries = 0; wanted && tries < 10_000 && (side.read(0x24, 4) & 1n) === 0n; tries++)
        await side.pause();
    }
  }

  /** Neither can be reset, so what a sequence left is written over. */
  async begin(): Promise<void> {
    await this.settle();
    this.write(0x20, 4, 0n);
    this.write(0x64, 4, 0xffff_ffffn);
    this.write(0x04, 4, 0n);
    for (const offset of [0x80, 0x88, 0x90]) this.write(offset, 8, 0n);
  }

  registers(): void {
    for (const offset of [0x00, 0x04, 0x08, 0x20, 0x24]) this.read(offset, 4);
    for (const offset of [0x80, 0x88, 0x90, 0x98]) this.read(offset, 8);
    this.config(0x06, 2);
  }
}

const offset = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0x00, 0x04, 0x08, 0x20, 0x24, 0x60, 0x64, 0x80, 0x88, 0x90, 0x98) },
  { weight: 2, arbitrary: fc.nat(0x40).map((dword) => dword * 4) },
  { weight: 1, arbitrary: fc.nat(0x7ff).map((byte) => 0x4_0000 + byte) },
  { weight: 1, arbitrary: fc.nat(0xf_fff8) },
);
const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 0xffn }),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0x80n, 0xffff_ffffn, 0x100n),
);
const step = fc.record({
  offset,
  width: fc.constantFrom<Width>(1, 2, 4, 4, 4, 8, 8),
  value,
  isWrite: fc.boolean(),
});

/** Registers of configuration space that software can write without moving the BAR or ending decoding. */
const configStep = fc.record({
  offset: fc.oneof(
    { weight: 1, arbitrary: fc.nat(0xff) },
    { weight: 2, arbitrary: fc.nat(0x4f) },
    { weight: 2, arbitrary: fc.constantFrom(0x06, 0x0c, 0x0d, 0x3c, 0x42, 0x44, 0x48, 0x4c) },
  ),
  width: fc.constantFrom<1 | 2 | 4>(1, 2, 4),
  value: fc.oneof(fc.nat(0xff), fc.nat(0xffff_ffff)),
  isWrite: fc.boolean(),
});
const isBar = (at: number) => at >= 0x10 && at < 0x28;
/**
 * Bits that a write may change on one of them alone, by byte. QEMU's decodes ports that it does not have and has no
 * parity check; it has no latency timer; it never grants more messages than it asked for. From 4Eh on all of QEMU's
 * can be written, though there is no register.
 */
const DIFFERS: ReadonlyMap<number, number> = new Map([
  [0x04, 0x41],
  [0x0d, 0xff],
  [0x42, 0x70],
]);

function alike(at: number, width: number, written: number): number {
  let cut = 0;
  for (let byte = 0; byte < width; byte++) {
    const differs = at + byte >= 0x4e ? 0xff : (DIFFERS.get(at + byte) ?? 0);
    cut += (Math.floor(written / 256 ** byte) & 0xff & ~differs) * 256 ** byte;
  }
  return cut;
}

describe(`edu beside QEMU ${qemu?.version ?? ''}`, { skip }, () => {
  let ends: (() => void)[] = [];
  after(() => {
    for (const end of ends) end();
    ends = [];
  });

  const start = async () => {
    const machine = new SimMachine(
      parseMachine(`
        roots:
          - bus: 0
            slots:
              - {slot: "0${DEVICE}", model: edu}`),
      { clock: 'manual' },
    );
    const peer = await startQemu(`-device edu,addr=0${DEVICE}.0`);
    ends.push(() => {
      machine[Symbol.dispose]();
      peer[Symbol.dispose]();
    });
    const ours = await Edu.open(machine, () => {
      machine.clock.advance(10_000_000);
      return Promise.resolve();
    });
    const theirs = await Edu.open(peer, () => sleep(2));
    theirs.move(ours.address);
    const pair = new Pair(ours, theirs);
    pair.both((side) => {
      side.setConfig(0x3c, 1, 0);
      side.setConfig(COMMAND, 2, 0x0006);
    });
    return pair;
  };

  test('configuration space: what is in it, and what each write leaves', async (t) => {
    const pair = await start();
    for (let at = 0; at < 0x100; at += 4) pair.config(at, 4);
    for (const at of [0x10, 0x14, 0x30]) {
      pair.both((side) => side.setConfig(COMMAND, 2, 0));
      pair.both((side) => side.setConfig(at, 4, 0xffff_ffff));
      pair.config(at, 4);
    }
    await checkProperty(
      'edu: beside QEMU, configuration space',
      fc.property(fc.array(configStep, { minLength: 20, maxLength: 80 }), (steps) => {
        pair.both((side) => {
          for (const at of [0x42, 0x44, 0x48, 0x4c]) side.setConfig(at, 2, 0);
          for (const at of [0x0c, 0x0d, 0x3c]) side.setConfig(at, 1, 0);
          side.setConfig(COMMAND, 2, 0);
        });
        for (const { offset: at, width, value: written, isWrite } of steps) {
          const aligned = at - (at % width);
          if (isWrite && !isBar(aligned)) {
            const cut = alike(aligned, width, written);
            pair.both((side) => side.setConfig(aligned, width, cut));
          }
          pair.config(aligned, width);
        }
      }),
      { numRuns: 40 },
    );
    t.diagnostic(`${pair.compared} reads of configuration space equal`);
  });

  test('registers: any access of any width', async (t) => {
    const pair = await start();
    await checkProperty(
      'edu: beside QEMU, registers',
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        await pair.begin();
        for (const { offset: at, width, value: written, isWrite } of steps) {
          const aligned = at - (at % width);
          if (isWrite) {
            let cut = BigInt.asUintN(width * 8, written);
            // Transfers have a test of their own, and large factorials take QEMU seconds.
            if (aligned === 0x98) cut &= ~RUN;
            if (aligned === 0x08) cut %= 1000n;
            pair.write(aligned, width, cut);
            if (aligned === 0x08 && width === 4) await pair.computed();
          }
          pair.read(aligned, width);
        }
        pair.registers();
      }),
      { numRuns: 40 },
    );
    t.diagnostic(`${pair.compared} reads equal`);
  });

  test('factorials, each with its interrupt', async (t) => {
    const pair = await start();
    for (const n of [...Array(40).keys(), 1000, 65_537]) {
      await pair.begin();
      pair.write(0x20, 4, 0x80n);
      pair.write(0x08, 4, BigInt(n));
      await pair.computed();
      pair.registers();
    }
    t.diagnostic(`${pair.compared} reads equal`);
  });

  test('interrupts: the pin in Status, messages in memory', async (t) => {
    const pair = await start();
    pair.write(0x60, 4, 0x5n);
    pair.registers();
    pair.write(0x64, 4, 0x1n);
    pair.registers();
    pair.both((side) => {
      side.setConfig(0x44, 4, MEMORY + 0x100);
      side.setConfig(0x48, 4, 0);
      side.setConfig(0x4c, 2, 0x4321);
      side.setConfig(0x42, 2, 1);
    });
    for (const [register, bits] of [
      [0x60, 0x2n],
      [0x64, 0x7n],
      [0x60, 0x0n],
      [0x60, 0x100n],
      [0x64, 0xffff_ffffn],
    ] as const) {
      pair.both((side) => side.writeMemory(0x100, new Uint8Array(4)));
      pair.write(register, 4, bits);
      pair.registers();
      pair.same('message', (side) => side.readMemory(0x100, 4));
    }
    t.diagnostic(`${pair.compared} reads equal`);
  });

  test('DMA both ways, with and without interrupt, masked addresses', async (t) => {
    const pair = await start();
    const content = Uint8Array.from(
      { length: MEMORY_BYTES },
      (_, index) => (index * 31 + (index >> 8)) & 0xff,
    );
    pair.both((side) => side.writeMemory(0, content));
    const at = BigInt(MEMORY);
    // QEMU 7.2 ends itself when a transfer is empty or reaches the last byte of the buffer.
    const transfers: readonly (readonly [bigint, bigint, bigint, bigint])[] = [
      [at, 0x4_0000n, 4095n, 0x1n],
      [0x4_0010n, at + 0x1000n, 100n, 0x7n],
      [at + 3n + (1n << 32n), 0x4_0ffcn, 3n, 0xff_0005n],
      [0x4_0000n, at + (0xfn << 28n), 4095n, 0x3n],
      [at + 0x7ffn, 0x4_0ffen, 1n, 0x8000_0000_0000_0005n],
    ];
    for (const [from, to, count, command] of transfers) {
      await pair.begin();
      pair.write(0x80, 8, from);
      pair.write(0x88, 8, to);
      pair.write(0x90, 8, count);
      pair.write(0x98, 8, command);
      pair.both((side) => {
        side.write(0x80, 8, 0n);
        // Only while it runs are writes dropped; a machine may be slow.
        if ((side.read(0x98, 8) & RUN) === 0n) side.write(0x80, 8, from);
      });
      await pair.settle();
      pair.registers();
      pair.same('memory', (side) => side.readMemory(0, MEMORY_BYTES));
    }
    t.diagnostic(`${pair.compared} comparisons equal`);
  });
});
