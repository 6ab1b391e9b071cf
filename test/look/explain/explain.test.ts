/** Every rule of `explain` against a machine that shows it, and against a sound one, where none may speak. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { explain, RULES, Topology } from '../../../src/look/index.js';
import { notations } from '../../../src/pci/index.js';
import { SOUND, SUBJECTS } from './subjects.js';

const codes = RULES.map(({ code }) => code);

describe('explain', () => {
  test('has a machine for each of its rules', () => {
    assert.deepEqual(Object.keys(SUBJECTS).sort(), [...codes].sort());
  });

  test('has a row in its page for each rule, and none for others', () => {
    const page = readFileSync(new URL('../../../../docs/looking.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\w+) \|/gm)].map(
      ([, code, weight]) => `${code} ${weight}`,
    );
    assert.deepEqual(rows.sort(), RULES.map(({ code, weight }) => `${code} ${weight}`).sort());
  });

  for (const [code, { at, functions }] of Object.entries(SUBJECTS))
    test(`${code} is found where it is, with evidence`, () => {
      const found = explain(new Topology({ functions }), notations.hex.parse(at));
      const own = found.find((each) => each.code === code);
      assert.ok(own !== undefined, `found: ${found.map((each) => each.code).join(', ')}`);
      assert.ok(own.what.length > 0 && own.why.length > 0 && Object.keys(own.evidence).length > 0);
      const others = found.filter((each) => each.weight !== 'note' && each.code !== code);
      // What is wrong is told once: nothing else is worse than a note.
      const beside: Readonly<Record<string, readonly string[]>> = { RESET_NONE: ['BAR_OVERLAP'] };
      assert.deepEqual(
        others.filter((each) => !(beside[code]?.includes(each.code) ?? false)).map((each) => each.code),
        [],
      );
    });

  test('says nothing but its resets of a machine that is sound', () => {
    const topology = new Topology({ functions: SOUND });
    const found = SOUND.flatMap(({ address }) => explain(topology, address));
    assert.deepEqual(
      found.flatMap(({ code, what, details = [] }) => [`${code}: ${what}`, ...details]),
      [
        'RESET_METHODS: it can be reset by flr, bus',
        'not by af_flr: it has no Advanced Features capability',
        'not by pm: pm.pmcsr.no_soft_reset is set: it keeps its state when it returns from D3hot',
      ],
    );
  });

  test('compares both ends of a link', () => {
    const { functions = [] } = SUBJECTS['LINK_LIMITED_BY_OTHER_END'] ?? {};
    const [found] = explain(new Topology({ functions }), notations.hex.parse('01:00.0'));
    assert.equal(
      found?.what,
      'the link runs at 8 GT/s x4 of 16 GT/s x4: 0000:00:01.0 at its other end can 8 GT/s x4 at most',
    );
    assert.deepEqual(found.evidence, {
      now: '8 GT/s x4',
      atMost: '16 GT/s x4',
      otherEnd: '0000:00:01.0',
      otherAtMost: '8 GT/s x4',
    });
  });
});
