/**
 * Differential test: our text beside that of each lspci at hand, line by line, over some spaces of every capability and
 * damaged ones. `npm run lab -- lspci` does the same with every field and value, QEMU's models and this host.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareSource } from '../../lab/lspci/compare-source.js';
import { excusesFor } from '../../lab/lspci/excuse.js';
import { EXCUSES } from '../../lab/lspci/excuses/index.js';
import { MODES } from '../../lab/lspci/modes.js';
import { damagedSpaces } from '../../lab/lspci/spaces/damaged.js';
import { dumpOf, type SpaceSource } from '../../lab/lspci/spaces/source.js';
import { syntheticSpaces } from '../../lab/lspci/spaces/synthetic.js';
import { Totals } from '../../lab/lspci/totals.js';
import { tables } from '../../src/pci/index.js';
import { found, skip } from './judge.js';

const { groups, reached, fields } = syntheticSpaces({ contents: 0, rests: 1 });

/** At most so many of a group, from all over it. */
function some(spaces: readonly Uint8Array[], most: number): readonly Uint8Array[] {
  const step = Math.max(1, Math.floor(spaces.length / most));
  return spaces.filter((_, index) => index % step === 0).slice(0, most);
}

/** @param each of how many groups one is taken. */
function synthetic(name: string, most: number, each = 1): SpaceSource {
  const chosen = [...groups.values()].filter((_, index) => index % each === 0);
  const spaces = chosen.flatMap((group) => some(group, most));
  return { kind: 'synthetic', name, dump: dumpOf(spaces), decodingOnly: true };
}

describe('lspci', { skip }, () => {
  for (const judge of found)
    test(`the text of lspci ${judge.version} is ours`, (context) => {
      const totals = new Totals(judge, excusesFor(judge.version, judge.isFollowed ? [] : EXCUSES));
      compareSource(synthetic('of every capability', 3), [totals], [['-vvv']]);
      compareSource(synthetic('of every third', 1, 3), [totals], MODES);
      for (const source of damagedSpaces(20)) compareSource(source, [totals], [['-v'], ['-vvv'], ['-tv']]);
      for (const line of String(totals).split('\n')) context.diagnostic(line);
      assert.equal(totals.differing, 0, String(totals));
    });
});

test('spaces are made for every table of the model and for its fields', () => {
  assert.deepEqual(
    tables.map(({ name }) => name).filter((name) => !reached.has(name)),
    [],
  );
  assert.ok(fields.size > 1500, String(fields.size));
});
