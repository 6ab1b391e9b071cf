/** Edits of an xl.cfg: what is asked and nothing else, and taken back without a trace. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addPciEntry,
  configuredFunctions,
  removePciEntries,
  setPciDefault,
  UnwritableValueError,
  XlConfig,
  XlConfigError,
} from '../../src/boot/index.js';
import { checkProperty } from '../kept-seeds.js';

const FILE = 'web.cfg';
const add = (text: string, spec: string) => addPciEntry(text, spec, FILE);
const remove = (text: string, ...specs: readonly string[]) =>
  removePciEntries(text, (spec) => specs.includes(spec), FILE);
const entries = (text: string) =>
  XlConfig.parse(text, FILE)
    .texts('pci')
    ?.map(({ text: spec }) => spec) ?? [];

/** Files as people write them: lists on one line and on several, with comments, in parts. */
const configs = fc
  .record({
    before: fc.constantFrom('', 'name = "web"\n', '# my guest\nmemory = 512; vcpus = 2\n'),
    items: fc.array(
      fc.record({
        spec: fc.constantFrom('0a:00.0', '0b:00.0', '0c:00.*,seize=1', '0d:00.0@5'),
        quote: fc.constantFrom("'", '"'),
        behind: fc.constantFrom(
          ', ',
          ',',
          ' , ',
          ',\n        ',
          ', # a card\n  ',
          ' # odd\n , ',
          ',\n# of the next\n  ',
        ),
      }),
      { maxLength: 4 },
    ),
    open: fc.constantFrom('[', '[ ', '[\n  ', '[ # list\n '),
    close: fc.constantFrom(']', ' ]', ',]', ',\n]', ' # end\n]', ', # end\n ]'),
    more: fc.constantFrom('', "pci += [ '0e:00.0' ]\n", 'pci += []\n', 'pci_seize = 1 # all\n'),
    after: fc.constantFrom(
      '',
      '\n',
      ' # functions\n',
      '; memory = 512\n',
      "\non_crash = 'destroy'\n",
      '\nvif = []',
    ),
    given: fc.boolean(),
  })
  .map(({ before, items, open, close, more, after, given }) => {
    if (!given) return before + more.replace('+=', '=') + after;
    const list = items
      .map(
        ({ spec, quote, behind }, index) => quote + spec + quote + (index < items.length - 1 ? behind : ''),
      )
      .join('');
    const end = items.length === 0 ? close.replace(',', '') : close;
    const tail = more === '' || after.endsWith('\n') ? after : `${after}\n`;
    return `${before}pci = ${open}${list}${end}${tail}${more}`;
  })
  .filter((text) => {
    try {
      XlConfig.parse(text, FILE);
      return true;
    } catch {
      return false;
    }
  });

describe('an entry', () => {
  test('comes behind the last one, written as that is', () => {
    assert.equal(add('', '0a:00.0'), "pci = [ '0a:00.0' ]\n");
    assert.equal(add('memory = 1', '0a:00.0'), "memory = 1\npci = [ '0a:00.0' ]");
    assert.equal(add('pci = [ "0a:00.0" ] # x\n', '0b:00.0'), 'pci = [ "0a:00.0", "0b:00.0" ] # x\n');
    assert.equal(
      add("pci = [\n  '0a:00.0', # a\n  '0b:00.0',\n]\n", '0c:00.0'),
      "pci = [\n  '0a:00.0', # a\n  '0b:00.0', '0c:00.0',\n]\n",
    );
    assert.equal(
      add("pci = [ '0a:00.0',\n        '0b:00.0' ]\n", '0c:00.0'),
      "pci = [ '0a:00.0',\n        '0b:00.0',\n        '0c:00.0' ]\n",
    );
    assert.equal(
      add("pci = [ '0a:00.0' ]\npci += [ '0b:00.0' ]\n", '0c:00.0'),
      "pci = [ '0a:00.0' ]\npci += [ '0b:00.0', '0c:00.0' ]\n",
    );
  });

  test('goes with the comment on its line, and with its setting where it is the last', () => {
    assert.equal(remove("a = 1\npci = [ '0a:00.0' ] # the card\nb = 2\n", '0a:00.0'), 'a = 1\nb = 2\n');
    assert.equal(remove("pci = ['0a:00.0']\n", '0a:00.0'), 'pci = []\n');
    assert.equal(
      remove("pci = [\n  '0a:00.0', # a\n  # of b\n  '0b:00.0', # b\n]\n", '0a:00.0'),
      "pci = [\n  # of b\n  '0b:00.0', # b\n]\n",
    );
    assert.equal(
      remove("pci = [ '0a:00.0', # a\n  '0b:00.0' ]\n", '0b:00.0'),
      "pci = [ '0a:00.0', # a\n   ]\n",
    );
    assert.equal(remove("pci = ['1:0.0']\npci = [ '2:0.0' ]\n", '2:0.0'), "pci = ['1:0.0']\npci = [  ]\n");
    assert.equal(remove("pci = [ '0a:00.0', '0b:00.0', '0a:00.0' ]\n", '0a:00.0'), "pci = [ '0b:00.0' ]\n");
  });

  test('that is added and taken away leaves the file as it was; nothing else in it changes', () =>
    checkProperty(
      'xl: edited and back',
      fc.property(configs, (text) => {
        const before = entries(text);
        const added = add(text, '1f:00.0,permissive=0');
        assert.deepEqual(entries(added), [...before, '1f:00.0,permissive=0']);
        assert.equal(remove(added, '1f:00.0,permissive=0'), text);
        // Insertions alone: what was there stays in its order.
        assert.ok(added.length > text.length);
      }),
    ));

  test('that is taken away leaves the others, and every other setting', () =>
    checkProperty(
      'xl: with entries taken away',
      fc.property(configs, (text) => {
        const others = (config: string) =>
          XlConfig.parse(config, FILE)
            .settings.filter(({ name }) => name !== 'pci')
            .map(({ name, at, end }) => [name, config.slice(at.offset, end)]);
        for (const spec of new Set(entries(text))) {
          const left = remove(text, spec);
          assert.deepEqual(
            entries(left),
            entries(text).filter((one) => one !== spec),
          );
          assert.deepEqual(others(left), others(text));
        }
      }),
    ));

  test('that the file cannot hold, and a file that is none, are refused', () => {
    for (const spec of ["0a:00.0'", '0a:00.0\n', '', 'name=\\'])
      assert.throws(() => add('', spec), UnwritableValueError, spec);
    assert.throws(() => add("pci = '0a:00.0'\n", '0b:00.0'), XlConfigError);
    assert.throws(() => add('pci = [', '0b:00.0'), XlConfigError);
  });
});

describe('a default of all entries', () => {
  test('is set where it stands, or in a line of its own, and taken away', () => {
    const set = (text: string, value: boolean | undefined) => setPciDefault(text, 'pci_seize', value, FILE);
    assert.equal(set('pci_seize = "0" # no\n', true), 'pci_seize = 1 # no\n');
    assert.equal(set('a = 1', true), 'a = 1\npci_seize = 1');
    assert.equal(set(set('a = 1', true), undefined), 'a = 1');
    assert.equal(set('pci_seize = 1; a = 1\npci_seize = 0\n', undefined), '; a = 1\n');
    const { specs } = configuredFunctions(XlConfig.parse(set("pci = ['0a:00.0']\n", true), FILE));
    assert.deepEqual(
      specs.map(({ seize }) => seize),
      [true],
    );
    assert.throws(() => set('pci_seize = 1\npci_seize += 0\n', false), UnwritableValueError);
  });
});
