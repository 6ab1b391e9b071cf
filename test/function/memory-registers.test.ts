/** Registers in mapped memory: widths, bounds, a start inside a page, and their end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryRegisters } from '../../src/function/index.js';

describe('registers in memory', () => {
  test('each width reads and writes its own bytes, little-endian, from the start on', () => {
    const memory = new Uint8Array(64).fill(0xee);
    const registers = new MemoryRegisters('BAR', memory.buffer, 16, 32);
    registers.write8(0, 0x11);
    registers.write16(2, 0x3322);
    registers.write32(4, 0x8765_4321);
    registers.write64(8, 0xfedc_ba98_7654_3210n);
    assert.equal(
      Buffer.from(memory.subarray(14, 34)).toString('hex'),
      'eeee11ee2233214365871032547698badcfeeeee',
    );
    assert.deepEqual(
      [registers.read8(7), registers.read16(6), registers.read32(4), registers.read64(8)],
      [0x87, 0x8765, 0x8765_4321, 0xfedc_ba98_7654_3210n],
    );
  });

  test('refuses what is not aligned or lies outside, and everything after its end', () => {
    const registers = new MemoryRegisters('BAR', new ArrayBuffer(4096), 0, 32);
    for (const [access, code] of [
      [() => registers.read16(1), 'REGION_UNALIGNED'],
      [() => registers.read64(28), 'REGION_UNALIGNED'],
      [() => registers.read32(32), 'REGION_OUT_OF_RANGE'],
      [() => registers.read8(-1), 'REGION_OUT_OF_RANGE'],
    ] as const)
      assert.throws(access, { code });
    registers.close();
    registers.close();
    assert.throws(() => registers.read8(0), { code: 'REGION_CLOSED' });
    assert.throws(
      () => {
        registers.write32(0, 0);
      },
      { code: 'REGION_CLOSED' },
    );
  });

  test('a BAR that stands at an odd place of its page has no 64 bits', () => {
    const registers = new MemoryRegisters('BAR', new ArrayBuffer(4096), 0x14, 4);
    registers.write32(0, 7);
    assert.equal(registers.read32(0), 7);
    assert.throws(() => registers.read64(0), { code: 'REGION_OUT_OF_RANGE' });
  });
});
