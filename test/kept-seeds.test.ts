/** The kept seeds, and that every property of the tests is one that can keep them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkProperty, keptSeeds } from './kept-seeds.js';

const TESTS = fileURLToPath(new URL('../../test', import.meta.url));

/** All test files but the checker's own, which speak of it without being properties of the project. */
const sources = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('kept-seeds'))
  .map((file) => ({ file, text: readFileSync(join(TESTS, file), 'utf8') }));

/** The first argument of each check: a text, or a template whose `${...}` stands for the member of a family. */
const names = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/\bcheckProperty\(\s*(?:'([^'\n]+)'|`([^`\n]+)`|(.*))/g)].map(
    ([, plain, template, other]) => {
      assert.equal(other, undefined, `${file}: the name of a property is written where it is checked`);
      return plain ?? template ?? '';
    },
  ),
);

function stands(name: string, key: string): boolean {
  const parts = name.split(/\$\{[^}]*\}/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`).test(key);
}

function orphans(keys: readonly string[]): string[] {
  return keys.filter((key) => !names.some((name) => stands(name, key)));
}

describe('kept seeds', () => {
  test('each belongs to a property that exists', () => {
    assert.deepEqual(orphans(Object.keys(keptSeeds)), []);
    const known = ['notations: hex parses what it formats', 'bars: any dwords give one slot each'];
    assert.deepEqual(orphans([...known, 'bars: gone', 'notations: hex']), ['bars: gone', 'notations: hex']);
    for (const [key, seeds = []] of Object.entries(keptSeeds)) {
      assert.ok(seeds.length > 0 && seeds.every((seed) => Number.isInteger(seed)), key);
      assert.equal(new Set(seeds).size, seeds.length, `${key}: a seed twice`);
    }
  });

  test('no two properties share a name, and each says its room and what holds', () => {
    assert.ok(names.length > 20, `${names.length} properties found`);
    assert.equal(new Set(names).size, names.length, names.toSorted().join('\n'));
    for (const name of names) assert.match(name, /^[a-z][a-z-]*: \S/);
  });

  test('no property goes around them', () => {
    for (const { file, text } of sources) assert.doesNotMatch(text, /\bfc\.(assert|check)\(/, file);
  });
});

describe('checkProperty', () => {
  const failing = [
    fc.property(fc.nat(), (number) => number < 0),
    fc.asyncProperty(fc.nat(), (number) => Promise.resolve(number < 0)),
  ];
  test('passes what holds, and names the seed of what does not', async () => {
    await checkProperty(
      'itself: holds',
      fc.property(fc.nat(), (number) => number >= 0),
    );
    for (const property of failing) {
      await assert.rejects(
        checkProperty('itself: fails', property),
        /^Error: property "itself: fails" failed; keep its seed \d+ in test\/kept-seeds\.json\n[^]*Counterexample: \[0\]/,
      );
    }
  });

  test('runs as often as it is told', async () => {
    let runs = 0;
    const counted = fc.property(fc.nat(), () => void runs++);
    await checkProperty('itself: counted', counted, { numRuns: 7 });
    assert.equal(runs, 7);
  });
});
