/** An xl.cfg: read as libxlu reads it, by a table of what that said, and its errors with their places. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { configuredFunctions, XlConfig, XlConfigError, type XlValue } from '../../src/boot/index.js';
import { notations } from '../../src/pci/index.js';

interface Recorded {
  readonly text: string;
  /** What libxlu says of the settings a, b, name and pci. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The line that it names where it refuses the text. */
  readonly line?: number;
  /** It ends the process. */
  readonly aborts?: true;
}

/** Answers of libxlu 4.17 (Debian 12), by xlu_cfg_readdata. */
const RECORDED = readFileSync(
  new URL('../../../test/boot/recordings/libxlu-4.17.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Recorded);

/** What libxlu takes, and loses a character of it. */
const LOSES: ReadonlySet<string> = new Set([
  "a='\\101b'",
  "a='\\1234'",
  "a='\\377b'",
  'a=1 #',
  '#',
  'a=1é',
  'a=0x1F',
]);

function plain(value: XlValue): unknown {
  return value.kind === 'text' ? value.text : value.items.map(plain);
}

function parse(text: string): XlConfig {
  return XlConfig.parse(text, 'guest.cfg');
}

function refusal(act: () => unknown): XlConfigError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof XlConfigError, String(error));
    return error;
  }
  assert.fail('it was taken');
}

describe('an xl.cfg', () => {
  test('means what it means to libxlu, or is refused in the same line', (context) => {
    for (const { text, values, line } of RECORDED) {
      if (values !== undefined && !LOSES.has(text)) {
        const config = parse(text);
        const read: Record<string, unknown> = {};
        for (const name of ['a', 'b', 'name', 'pci']) {
          const value = config.get(name);
          if (value !== undefined) read[name] = plain(value);
        }
        assert.deepEqual(read, values, JSON.stringify(text));
        continue;
      }
      const { evidence } = refusal(() => parse(text));
      if (line !== undefined) assert.equal(evidence['line'], line, JSON.stringify(text));
    }
    const taken = RECORDED.filter(({ values }) => values !== undefined).length;
    context.diagnostic(`${taken} texts taken, ${RECORDED.length - taken} refused`);
    assert.ok(taken > 50 && RECORDED.length - taken > 50);
  });

  test('errors name file, line and column, and what was expected', () => {
    const message = (text: string) => refusal(() => parse(text)).message;
    assert.equal(message("a = 1\nb = ['x'\n  'y']"), 'guest.cfg:3:3: expected "," or "]", and not "y"');
    assert.equal(
      message('a = web'),
      'guest.cfg:1:5: expected a text in quotes, a number or "[", and not "web"',
    );
    assert.equal(
      message('a = None'),
      'guest.cfg:1:5: xl.cfg has no "None"; names are in small letters, texts in quotes',
    );
    assert.equal(message("a = 'x"), "guest.cfg:1:5: the string has no ' at its end in this line");
    assert.equal(
      message('a = 1 b = 2'),
      'guest.cfg:1:7: expected a line end or ";" behind the value, and not "b"',
    );
    assert.match(message('a = 1\r\n'), /^guest\.cfg:1:6: a carriage return/);
    assert.match(message("a = 'b\\qc'"), /^guest\.cfg:1:7: \\q means nothing/);
    assert.match(message(`a = ${'['.repeat(100_000)}`), /more than 64 lists in lists/);
  });

  test('every value knows its place', () => {
    const text = 'name = "web"\npci = [ \'0a:00.0\',\n        "0b:00.0" ]\npci += [ \'0c:00.0\' ] # more\n';
    const { settings } = parse(text);
    assert.deepEqual(
      settings.map(({ at, end }) => text.slice(at.offset, end)),
      ['name = "web"', 'pci = [ \'0a:00.0\',\n        "0b:00.0" ]', "pci += [ '0c:00.0' ]"],
    );
    const items = parse(text).texts('pci') ?? [];
    assert.deepEqual(
      items.map(({ at, end, text: meant }) => [at.line, at.column, text.slice(at.offset, end), meant]),
      [
        [2, 9, "'0a:00.0'", '0a:00.0'],
        [3, 9, '"0b:00.0"', '0b:00.0'],
        [4, 10, "'0c:00.0'", '0c:00.0'],
      ],
    );
  });

  test('numbers are read as strtol reads them', () => {
    const number = (text: string) => parse(`a = ${text}\n`).number('a');
    assert.deepEqual(['1', '"0x1f"', '017', '0', '"-3"', '" 4"'].map(number), [1, 31, 15, 0, -3, 4]);
    for (const text of ['0x', '9f', '"x"', '""', '08', '[1]', '"99999999999999999999"'])
      assert.match(refusal(() => number(text)).message, /^guest\.cfg:1:5: a (must be|is)/, text);
  });
});

describe('its PCI functions', () => {
  const functions = (text: string) => configuredFunctions(parse(text));

  test('each with the options of the file, where it does not say them itself', () => {
    const { name, specs } = functions(`
name = "web"
type = "pv"
pci_permissive = 1
pci_seize = "1"
pci_msitranslate = 0
pci = [ '0a:00.0,permissive=0', # the card
        '0b:00.*@5' ]
pci += [ "name=disk,seize=0" ]
`);
    assert.equal(name, 'web');
    assert.deepEqual(
      specs.map((spec) => notations.xlSpec.format(spec)),
      ['0000:0a:00.0,seize=1', '0000:0b:00.*@05,permissive=1,seize=1', 'name=disk,permissive=1'],
    );
  });

  test('a file without any has none; what is no list, or no specification, is refused at its place', () => {
    assert.deepEqual(functions('memory = 512\n'), { name: undefined, specs: [] });
    assert.match(
      refusal(() => functions("pci = '0a:00.0'\n")).message,
      /^guest\.cfg:1:7: pci must be a list/,
    );
    const wrong = refusal(() => functions("pci = [ '0a:00.0',\n  '0a:00.9' ]\n"));
    assert.match(wrong.message, /^guest\.cfg:2:3: .*0a:00\.9/);
    assert.match(
      refusal(() => functions('pci = [ [ 1 ] ]\n')).message,
      /^guest\.cfg:1:9: a list inside of pci/,
    );
    assert.match(
      refusal(() => functions("pci_seize = 'yes'\n")).message,
      /^guest\.cfg:1:13: pci_seize must be a number/,
    );
  });
});
