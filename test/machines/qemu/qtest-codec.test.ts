/** The lines of the qtest protocol, made and taken apart. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AnswerReader, CommandLine } from '../../../src/machines/qemu/qtest-codec.js';
import { checkProperty } from '../../kept-seeds.js';

/** Every line of the text, which comes in pieces that end at these places. */
function read(text: string, cuts: readonly number[]): unknown[] {
  const reader = new AnswerReader();
  const lines: unknown[] = [];
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  for (const to of [...cuts, bytes.length].sort((a, b) => a - b)) {
    for (let at = from; at < to;) {
      const space = reader.space();
      const count = Math.min(space.length, to - at);
      space.set(bytes.subarray(at, at + count));
      reader.filled(count);
      at += count;
      for (let kind = reader.next(); kind !== undefined; kind = reader.next()) {
        const value = (BigInt(reader.high) << 32n) | BigInt(reader.low);
        lines.push(kind === 'done' ? value : kind === 'refused' ? reader.text : [kind, reader.line]);
      }
    }
    from = to;
  }
  return lines;
}

describe('qtest', () => {
  test('commands', () => {
    const line = new CommandLine();
    line.start('writeq');
    line.number(0xfe00_000c);
    line.wide(0x8000_0000_0000_0001n);
    line.end();
    assert.equal(line.toString(), 'writeq 0xfe00000c 0x8000000000000001');
    line.start('readb');
    line.number(0x12_3456_789a);
    line.end();
    assert.equal(Buffer.from(line.bytes.subarray(0, line.length)).toString(), 'readb 0x000000123456789a\n');
  });

  test('answers, refusals and interrupts', () => {
    const text =
      'OK\nOK 0x00000000010000ed\nIRQ raise 20\nIRQ lower 20\nOK 0xfFfF\nFAIL Unknown command\nERR x\n?\n';
    const expected = [
      0n,
      0x0100_00edn,
      ['raised', 20],
      ['lowered', 20],
      0xffffn,
      'FAIL Unknown command',
      'ERR x',
      '?',
    ];
    assert.deepEqual(read(text, []), expected);
  });

  test('any value, cut anywhere', async () => {
    const line = fc.oneof(
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.nat(255).map((irq) => ['raised', irq] as const),
    );
    await checkProperty(
      'qemu: answers in pieces',
      fc.property(
        fc.array(line, { maxLength: 600 }),
        fc.array(fc.nat(6000), { maxLength: 8 }),
        (lines, cuts) => {
          const text = lines
            .map((one) =>
              typeof one === 'bigint'
                ? `OK 0x${one.toString(16).padStart(16, '0')}\n`
                : `IRQ raise ${one[1]}\n`,
            )
            .join('');
          const inside = cuts.filter((cut) => cut < text.length);
          assert.deepEqual(read(text, inside), lines);
        },
      ),
      { numRuns: 100 },
    );
  });
});
