/** The journal of changes on disk, whatever stands in it, and the engine over it: torn lines, garbage, undo and its failures. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { ChangeFolder, Changes, stepShape, type Step, type StepPerformer } from '../../src/change/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const parent = mkdtempSync(join(tmpdir(), 'openslot-changes-'));
after(() => {
  rmSync(parent, { recursive: true });
});
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'changes-'));
});

const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

interface PutWord extends Step {
  readonly kind: 'put_word';
  readonly word: string;
}

/** Words in a set are all of this host; steps can be made to fail. */
class Words implements StepPerformer<PutWord> {
  readonly kind = 'put_word';
  readonly shape = stepShape('put_word', { word: z.string() });
  readonly there = new Set<string>();
  readonly log: string[] = [];
  refused: readonly string[] = [];

  describe({ word }: PutWord): string {
    return `put ${word}`;
  }

  describeUndo({ word }: PutWord): string {
    return `remove ${word}`;
  }

  apply(step: PutWord): void {
    this.#do(this.describe(step));
    this.there.add(step.word);
  }

  undo(step: PutWord): void {
    this.#do(this.describeUndo(step));
    this.there.delete(step.word);
  }

  #do(what: string): void {
    if (this.refused.includes(what)) throw new Error(`no ${what}`);
    this.log.push(what);
  }
}

const put = (word: string, subject = word): PutWord => ({ kind: 'put_word', subject, word });

/** A process that is no more: its journal is read by another one. */
function processes() {
  const words = new Words();
  return { words, changes: () => new Changes(new ChangeFolder(folder), [words]) };
}

describe('a change', () => {
  test('that is made leaves nothing behind', async () => {
    const { words, changes } = processes();
    await changes().apply({ what: 'put', steps: [put('a'), put('b')] });
    assert.deepEqual([...words.there], ['a', 'b']);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('that fails is undone, the last step first; steps that were not begun are not', async () => {
    const { words, changes } = processes();
    words.refused = ['put c'];
    await assert.rejects(changes().apply({ what: 'put', steps: ['a', 'b', 'c', 'd'].map((w) => put(w)) }), {
      message: 'no put c',
    });
    assert.deepEqual(words.log, ['put a', 'put b', 'remove c', 'remove b', 'remove a']);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('that cannot be undone is told of, keeps only what it stands on, and is undone later', async () => {
    const { words, changes } = processes();
    const steps = [put('a', 'first'), put('b', 'first'), put('c', 'second'), put('d', 'second')];
    words.refused = ['put d', 'remove c'];
    await assert.rejects(changes().apply({ what: 'put', steps }), (error: unknown) => {
      assert.ok(code('ROLLBACK_FAILED')(error));
      assert.match(String(error), /put: no put d; and the host could not be put back: remove c: no remove c/);
      return true;
    });
    assert.deepEqual([...words.there], ['c'], 'what is about something else is undone all the same');
    await assert.rejects(
      changes().apply({ what: 'more', steps: [put('e', 'second')] }),
      code('CHANGE_UNFINISHED'),
    );
    const again = await changes().recover('back');
    assert.deepEqual([again[0]?.outcome, again[0]?.why], ['failed', ['remove c: no remove c']]);
    words.refused = [];
    assert.equal((await changes().recover('back'))[0]?.outcome, 'undone');
    assert.deepEqual([[...words.there], readdirSync(folder)], [[], []]);
  });

  test('of which a power cut has torn the last line is undone to the line before, and goes on', async () => {
    for (const way of ['back', 'forth'] as const) {
      const { words, changes } = processes();
      const open = new ChangeFolder(folder).open({ what: 'put', steps: [put('a'), put('b')] });
      open.begin(0);
      words.there.add('a');
      open.leave();
      appendFileSync(join(folder, '00000001.change'), '{"beg');
      assert.equal(changes().unfinished()[0]?.begun, 1);
      await changes().recover(way);
      assert.deepEqual([...words.there], way === 'back' ? [] : ['a', 'b']);
      assert.deepEqual(readdirSync(folder), []);
    }
  });

  test('of a newer openslot is left for that', async () => {
    const open = new ChangeFolder(folder).open({ what: 'new', steps: [{ kind: 'paint', subject: 'a' }] });
    open.begin(0);
    open.leave();
    const { changes } = processes();
    const [recovery] = await changes().recover('back');
    assert.equal(recovery?.outcome, 'failed');
    assert.match(recovery.why.join(), /no step "paint"/);
    assert.equal(readdirSync(folder).length, 1);
  });
});

describe('a damaged file of the journal', () => {
  const PLAN = { what: 'put', when: '2026-01-01T00:00:00.000Z', process: 1 };
  const sound = { ...PLAN, steps: [put('a'), put('b')] };
  const files: readonly (readonly [what: string, lines: readonly unknown[], why: RegExp])[] = [
    [
      'a step without one of its fields',
      [{ ...PLAN, steps: [put('a'), { ...put('b'), word: undefined }] }],
      /line 1: steps\[1\]\.word: /,
    ],
    [
      'a step with a field of another type',
      [{ ...PLAN, steps: [{ ...put('a'), word: 7 }] }],
      /line 1: steps\[0\]\.word: /,
    ],
    [
      'a step with a field that nobody knows',
      [{ ...PLAN, steps: [{ ...put('a'), loud: true }] }],
      /line 1: steps\[0\]: .*"loud"/,
    ],
    [
      'a step without its kind',
      [{ ...PLAN, steps: [{ subject: 'a', word: 'a' }] }],
      /line 1: steps\[0\]\.kind: /,
    ],
    ['a plan without steps', [PLAN], /line 1: steps: /],
    ['a begun step that is no number', [sound, { begin: 0 }, { begin: 'b' }], /line 3: begin: /],
    ['no line', [], /line 1: it is no JSON/],
  ];
  for (const [what, lines, why] of files)
    test(`is refused by its path and what is wrong in it, and nothing is done: ${what}`, async () => {
      const { words, changes } = processes();
      const open = new ChangeFolder(folder).open({ what: 'put', steps: [put('z')] });
      open.begin(0);
      open.leave();
      const path = join(folder, '00000002.change');
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      writeFileSync(path, text);
      const refused = (error: unknown) => {
        assert.ok(code('CHANGE_UNREADABLE')(error), String(error));
        assert.equal((error as OpenslotError).evidence['path'], path);
        assert.match(String((error as OpenslotError).evidence['why']), why);
        return true;
      };
      assert.throws(() => changes().unfinished(), refused);
      await assert.rejects(changes().recover('back'), refused);
      await assert.rejects(changes().recover('forth'), refused);
      await assert.rejects(changes().apply({ what: 'put', steps: [put('c')] }), refused);
      assert.deepEqual(words.log, []);
      assert.equal(readFileSync(path, 'utf8'), text);
      assert.equal(readdirSync(folder).length, 2);
    });
});

test('property: any file of the journal is read, or refused by name', async () => {
  const step = fc.record(
    { kind: fc.constantFrom('put_word', 'x'), subject: fc.string(), word: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const plan = fc.record(
    { what: fc.string(), when: fc.string(), process: fc.oneof(fc.nat(), fc.string()), steps: fc.array(step) },
    { requiredKeys: [] },
  );
  const line = fc.oneof(
    plan.map((value) => JSON.stringify(value)),
    fc.record({ begin: fc.oneof(fc.nat(9), fc.jsonValue()) }).map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string(),
  );
  await checkProperty(
    'change-folder: any file is read or refused by name',
    fc.property(fc.array(line, { maxLength: 4 }), fc.constantFrom('\n', ''), (lines, end) => {
      const path = join(folder, '00000007.change');
      writeFileSync(path, lines.join('\n') + end);
      try {
        for (const change of new Changes(new ChangeFolder(folder), [new Words()]).unfinished()) {
          assert.ok(typeof change.what === 'string' && change.begun >= 0);
          for (const one of change.steps)
            if (one.kind === 'put_word') assert.equal(typeof (one as PutWord).word, 'string');
        }
      } catch (error) {
        assert.ok(code('CHANGE_UNREADABLE')(error), String(error));
        assert.equal((error as OpenslotError).evidence['path'], path);
      }
    }),
    { numRuns: 300 },
  );
});
