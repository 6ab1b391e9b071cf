/** A function's registers on terminals of several widths. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionLines } from '../../src/cli/function-text.js';
import { bytesReader, decodeFunction, notations } from '../../src/pci/index.js';

const config = new Uint8Array(256);
config.set([0x34, 0x12, 0xe8, 0x11, 0x06, 0x04, 0x10, 0x00]);

function lines(columns: number | undefined): string[] {
  return functionLines(
    notations.hex.parse('00:01.0'),
    {
      summary: undefined,
      regions: [],
      resetMethods: [],
      interruptLine: undefined,
      decoded: decodeFunction(bytesReader(config)),
      findings: [],
      vpd: undefined,
    },
    { bits: false, columns },
  );
}

/** From a register's line to the next one's. */
function linesOf(name: string, columns: number | undefined): string[] {
  const all = lines(columns);
  const first = all.findIndex((line) => line.includes(name));
  const more = all.slice(first + 1).findIndex((line) => !line.startsWith(' '.repeat(20)));
  return all.slice(first, first + 1 + more);
}

const fieldsIn = (of: readonly string[]) => of.flatMap((line) => line.slice(45).split(' '));

test('fields stand below each other where the terminal is too narrow for all, and a line each otherwise', () => {
  const whole = linesOf('header.command', undefined);
  assert.equal(whole.length, 1);
  assert.match(
    whole[0] ?? '',
    /^ {2}004 {2}header\.command +0x0406 {5}io- memory\+ bus_master\+ .* intx_disable\+$/,
  );
  const narrow = linesOf('header.command', 80);
  assert.ok(narrow.length > 1 && narrow.every((line) => line.length <= 80));
  assert.deepEqual(fieldsIn(narrow), fieldsIn(whole));
  assert.deepEqual(linesOf('header.command', 300), whole);
  assert.deepEqual(linesOf('header.command', 40), whole, 'no room at all: the terminal breaks it');
});
