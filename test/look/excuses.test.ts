/** What may be excused of an older lspci, and that nothing else hides behind it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Comparison } from '../../lab/lspci/comparison.js';
import { excusesFor, TREE, type Excuse } from '../../lab/lspci/excuse.js';
import { expressionOf, filled, placeOf } from '../../lab/lspci/excuse-pattern.js';
import { EXCUSES } from '../../lab/lspci/excuses/index.js';
import { LSPCI_VERSION } from '../../src/look/lspci/index.js';
import { parseDump } from '../../src/machines/capture/index.js';
import { dottedName, tables } from '../../src/pci/index.js';

/** An Express endpoint at 40. */
const DUMP = [
  '00:00.0 made up',
  `00: 86 80 11 11 00 00 10 00${' 00'.repeat(8)}`,
  `30: 00 00 00 00 40${' 00'.repeat(11)}`,
  `40: 10 00 02 00${' 00'.repeat(12)}`,
  '',
  '',
].join('\n');

const DEVCAP: Excuse = { field: 'pcie.devcap.tee_io', until: '3.9.0', ours: ' TEE-IO{+}', older: '' };

function compared(
  ours: string,
  theirs: string,
  excuses: readonly Excuse[],
): readonly [number, number, number] {
  const { lines, differing, excused } = new Comparison(parseDump(DUMP), excusesFor('3.9.0', excuses)).compare(
    ours,
    theirs,
  );
  return [lines, differing, excused];
}

const record = (...lines: readonly string[]) =>
  ['00:00.0 made up', ...lines.map((line) => `\t${line}`), '', ''].join('\n');

describe('excuses', () => {
  test('each names a register, a field or a table that there is', () => {
    const known = new Set([TREE]);
    for (const table of tables) {
      known.add(table.name);
      for (const register of table.registers) {
        known.add(dottedName(table, register));
        for (const field of register.fields) known.add(dottedName(table, register, field));
      }
    }
    assert.deepEqual(
      EXCUSES.map(({ field }) => field).filter((field) => !known.has(field)),
      [],
    );
  });

  test('the version that is followed is excused nothing', () => {
    assert.equal(excusesFor(LSPCI_VERSION, EXCUSES).length, 0);
    assert.equal(excusesFor('3.9.0', EXCUSES).length, EXCUSES.length);
    assert.equal(excusesFor('3.10.0', [DEVCAP]).length, 0);
  });

  test('a rule takes its own words from a line, and a difference beside them is seen', () => {
    const ours = record('Capabilities: [40] Express (v2)', '\t\tExtTag+ RBE- TEE-IO-');
    assert.deepEqual(
      compared(ours, record('Capabilities: [40] Express (v2)', '\t\tExtTag+ RBE-'), [DEVCAP]),
      [4, 0, 1],
    );
    assert.deepEqual(
      compared(ours, record('Capabilities: [40] Express (v2)', '\t\tExtTag+ RBE+'), [DEVCAP]),
      [4, 1, 0],
    );
  });

  test('a rule of one table leaves the text of others alone', () => {
    const ours = record('Capabilities: [40] Express (v2)', 'Elsewhere TEE-IO-');
    assert.deepEqual(
      compared(ours, record('Capabilities: [40] Express (v2)', 'Elsewhere'), [DEVCAP]),
      [4, 1, 0],
    );
  });

  test('words that older ones have elsewhere keep their value', () => {
    const moved: Excuse = {
      field: 'pcie.devctl2.ltr',
      until: '3.9.0',
      after: 'B{+}',
      ours: ' LTR{+}',
      older: ' LTR{1}',
      movedBehind: '{…}First A{+}',
    };
    const theirs = (sign: string) => record(`Capabilities: [40] First A- LTR${sign}`, '\tB+');
    const ours = record('Capabilities: [40] First A-', '\tB+ LTR-');
    assert.deepEqual(compared(ours, theirs('-'), [moved])[1], 0);
    assert.deepEqual(compared(ours, theirs('+'), [moved])[1], 1);
  });

  test('a capability that is not decoded is one line, whatever is below it', () => {
    const undecoded: Excuse = { field: 'pcie', until: '3.9.0', undecoded: 'Capability ID 0x10 [0002]' };
    const ours = record('Region 0: x', 'Capabilities: [40] Express (v2)', '\tDevCap: 1', 'Kernel: y');
    const theirs = record('Region 0: x', 'Capabilities: [40] Capability ID 0x10 [0002]', 'Kernel: y');
    assert.deepEqual(compared(ours, theirs, [undecoded]), [5, 0, 2]);
  });

  test('trees of several domains become one, with the first bus of all', () => {
    const tree: Excuse = { field: TREE, until: '3.9.0', oneTree: true };
    const ours = '-[0001:00]-+-01.0\n           \\-03.0\n-[0002:00]---02.0-[01]--\n';
    const theirs = [
      '-+-[0000:00]-',
      ' +-[0001:00]-+-01.0',
      ' |           \\-03.0',
      ' \\-[0002:00]---02.0-[01]--',
      '',
    ].join('\n');
    assert.equal(compared(ours, theirs, [tree])[1], 0);
  });
});

describe('the words of excuses', () => {
  test('what varies is a sign, a number or one of some words', () => {
    const matches = (words: string, text: string) =>
      new RegExp(`^${expressionOf(words)}$`).exec(text)?.slice(1);
    assert.deepEqual(matches(' A{+} (b) {d}', ' A- (b) 12'), ['-', '12']);
    assert.deepEqual(matches('{x}{On|Off}', '0fOff'), ['0f', 'Off']);
    assert.equal(matches('A{+}', 'A*'), undefined);
    assert.equal(matches('A.B', 'AxB'), undefined);
  });

  test('a place may hold anything up to the end of its line', () => {
    const place = new RegExp(`^${placeOf('A: {…} (x) B{+}')}$`);
    assert.ok(place.test('A: whatever (x) B+'));
    assert.ok(!place.test('A: what\never (x) B+'));
  });

  test('numbers are written anew where older ones have them in hexadecimal', () => {
    assert.equal(filled('MSI {1:02x}, {2}', ['17', '+']), 'MSI 11, +');
  });
});
