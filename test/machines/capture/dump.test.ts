/** Dumps: what lspci reads and what it refuses, line by line; and that the real lspci reads ours as it reads its own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { CapturedFunction } from '../../../src/function/index.js';
import { DumpParser, formatDump, parseDump } from '../../../src/machines/capture/index.js';
import { hexDigits } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { lspciVersion } from '../../pci/lspci-run.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-dump-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Addresses with the bytes of each. */
function summary(functions: readonly CapturedFunction[]): readonly (readonly [string, string])[] {
  return functions.map(({ address, config }) => [String(address), Buffer.from(config).toString('hex')]);
}

const read = (text: string) => summary(parseDump(text).functions);

describe('a dump', () => {
  test('has functions in order of address, and the text between their lines is free', () => {
    const text = [
      '0001:0a:1f.7 second',
      '00: 86 80 37 12',
      '',
      'a line of words',
      '00:02.0 first',
      '\tControl: I/O+ Mem+',
      '00: AB cd',
      '02: 01 ',
      ' 00: ff',
      '000000000: ff',
      '00 : ff',
      '00:ff',
      '0: ff',
      '00:',
      '',
      '00: ff zz',
      '',
    ].join('\n');
    assert.deepEqual(read(text), [
      ['0000:00:02.0', 'abcd01'],
      ['0001:0a:1f.7', '86803712'],
    ]);
  });

  test('a gap reads all ones, and the readable length is the highest offset', () => {
    assert.deepEqual(read('00:00.0 x\n04: 01\n00: 02\n'), [['0000:00:00.0', '02ffffff01']]);
    assert.deepEqual(read('00:00.0 x\n00000ffe: 01 02\n')[0]?.[1]?.length, 2 * 4096);
    assert.deepEqual(read('00:00.0 x\nffff: \n'), [['0000:00:00.0', '']], 'no byte, no offset');
  });

  test('bytes of one function are none of the next', () => {
    assert.deepEqual(read('00:00.0 x\n00: 00 00 00 00\n00:01.0 y\n02: 01\n'), [
      ['0000:00:00.0', '00000000'],
      ['0000:00:01.0', 'ffff01'],
    ]);
  });

  test('lines may end as on DOS, and an address may come twice', () => {
    assert.deepEqual(read('00:00.0 x\r\n00: 01\r\n\r\n00: 02\r\n00:00.0 y\r\n00: 03\r\n'), [
      ['0000:00:00.0', '01'],
      ['0000:00:00.0', '03'],
    ]);
  });

  const words = 'expected bytes of two hexadecimal digits with one blank between them';
  for (const [line, why] of [
    ['00: 1', words],
    ['00: 123', words],
    ['00:  12', words],
    ['00: 12  ', words],
    ['00: 12\t34', words],
    ['00: 12 34\r\r', words],
    ['00: words', words],
    ['1000: 00', 'configuration space ends at 4096 bytes'],
    ['fff: 00 00', 'configuration space ends at 4096 bytes'],
    ['ffffffff: 00', 'configuration space ends at 4096 bytes'],
    ['a'.repeat(254), 'it has more than 253 characters'],
    [`${'a'.repeat(253)}\r`, 'it has more than 253 characters'],
    ['00:20.0 x', 'no bus has more than 32 devices (00 to 1f)'],
    ['00:00.8 x', 'no device has more than 8 functions (0 to 7)'],
    ['10000:00:00.0 x', 'its domain does not fit in 16 bits'],
  ] as const)
    test(`${JSON.stringify(line.slice(0, 20))} is refused with its line`, () => {
      assert.throws(() => parseDump(`00:00.0 x\n\t\n${line}\n`, 'board.txt'), {
        code: 'DUMP_MALFORMED',
        message: `board.txt, line 3: ${why}`,
        evidence: { file: 'board.txt', line: 3, why },
      });
    });

  test('one that was cut off is refused', () => {
    assert.throws(() => parseDump('00:00.0 x\n00: 86 8'), {
      code: 'DUMP_MALFORMED',
      message: /line 2: it has no line end/,
    });
  });

  test('may come in pieces of any size', async () => {
    const text = Buffer.from('00:00.0 first\r\n00: 86 80 37 12\n\n\n0000:00:01.0 x\n10: ff 00\n');
    const whole = summary(parseDump(text).functions);
    await checkProperty(
      'dumps: one may come in pieces',
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const parser = new DumpParser('pieces');
        let start = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), text.length]) {
          parser.push(text.subarray(start, cut));
          start = cut;
        }
        assert.deepEqual(summary(parser.end()), whole);
      }),
    );
  });

  test('lines of 16 bytes are read, or refused, as those that come byte by byte', async () => {
    const outcome = (size: number, text: Buffer) => {
      const parser = new DumpParser('lines');
      try {
        for (let at = 0; at < text.length; at += size) parser.push(text.subarray(at, at + size));
        return summary(parser.end());
      } catch (error) {
        return String(error);
      }
    };
    const bytes = fc
      .uint8Array({ minLength: 15, maxLength: 17 })
      .map((some) => Array.from(some, (byte) => ` ${hexDigits(byte, 2)}`).join(''));
    const offset = fc.constantFrom(
      '00:',
      '010:',
      '0010:',
      'ff0:',
      'ff1:',
      '00000000:',
      '000000000:',
      '0:',
      '',
    );
    const slip = fc.record({
      at: fc.nat(120),
      length: fc.nat(1),
      text: fc.constantFrom('', '\n', '\r\n', 'g', ' ', '0'),
    });
    await checkProperty(
      'dumps: lines of 16 bytes',
      fc.property(fc.array(fc.tuple(offset, bytes), { maxLength: 3 }), fc.option(slip), (lines, slipped) => {
        const right = `00:00.0 x\n${lines.map(([place, row]) => `${place}${row}\n`).join('')}`;
        const at = 10 + (slipped?.at ?? 0);
        const text = Buffer.from(
          right.slice(0, at) + (slipped?.text ?? '') + right.slice(at + (slipped?.length ?? 0)),
        );
        assert.deepEqual(outcome(text.length, text), outcome(1, text));
      }),
    );
  });

  test('whatever comes is read or refused with a line', async () => {
    const piece = fc.oneof(
      fc.constantFrom('00:00.0 x\n', '00: 86 80\n', '\n', 'fff: 00\n', '00:1f.7 ', '\r\n', ': ', '00'),
      fc.string({ maxLength: 300 }),
    );
    await checkProperty(
      'dumps: whatever the text is',
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let functions: readonly CapturedFunction[];
        try {
          functions = parseDump(pieces.join('')).functions;
        } catch (error) {
          assert.ok(
            error instanceof Error && 'code' in error && error.code === 'DUMP_MALFORMED',
            String(error),
          );
          assert.match(error.message, /, line \d+: /);
          return;
        }
        for (const { config } of functions) assert.ok(config.length <= 4096);
      }),
    );
  });
});

describe('a dump that we write', () => {
  test('reads back as what it was, with domains where there are any', () => {
    const config = Uint8Array.from({ length: 70 }, (_, index) => (index * 7) & 0xff);
    const { functions } = parseDump('00:03.0 x\n00: 01\n0002:00:01.0 y\n00: 02\n');
    const [first, second] = functions;
    assert.ok(first !== undefined && second !== undefined);
    const capture = { machine: 'x', taken: undefined, functions: [{ ...first, config }, second] };
    const text = formatDump(capture);
    assert.match(text, /^0000:00:03\.0 4d46: 0700:150e \(rev 38\)\n00: 00 07 /);
    assert.deepEqual(read(text), [
      ['0000:00:03.0', Buffer.from(config).toString('hex')],
      ['0002:00:01.0', '02'],
    ]);
    const [line] = formatDump(
      { ...capture, functions: [first] },
      () => `a name\nof 2 lines ${'…'.repeat(300)}`,
    ).split('\n', 1);
    assert.match(line ?? '', /^00:03\.0 a name\?of 2 lines \?+$/);
    assert.equal(line?.length, 253);
  });

  test('the real lspci reads it as what it was made of', { skip: lspciVersion() === undefined }, async () => {
    const lspci = (name: string, text: string) => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return execFileSync('lspci', ['-F', file, '-n', '-xxxx', '-v'], { encoding: 'latin1' });
    };
    const space = fc.uint8Array({ minLength: 64, maxLength: 64 });
    await checkProperty(
      'dumps: lspci reads ours',
      fc.property(fc.array(space, { minLength: 1, maxLength: 4 }), (spaces) => {
        const text = spaces
          .map((bytes, index) => {
            const rows = [0, 16, 32, 48].map((row) => {
              const hex = [...bytes.subarray(row, row + 16)].map((byte) =>
                byte.toString(16).padStart(2, '0'),
              );
              return `${row.toString(16).padStart(2, '0')}: ${hex.join(' ')}\n`;
            });
            return `00:0${4 - index}.0 text\n${rows.reverse().join('')}\n`;
          })
          .join('');
        assert.equal(lspci('ours', formatDump(parseDump(text))), lspci('original', text));
      }),
      { numRuns: 10 },
    );
  });
});
