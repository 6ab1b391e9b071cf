/** modprobe.d: read as kmod reads it, by a table of what that said and by kmod itself; edits; what its lint tells. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addModprobeLine,
  editText,
  modprobeFile,
  optionsOf,
  removeModprobeLine,
  setModuleOption,
  UnwritableValueError,
} from '../../src/boot/index.js';
import { checkProperty } from '../kept-seeds.js';
import { lintCodes } from './lint-codes.js';
import { comparable, readConfig, showConfig } from './modprobe-config.js';

interface Recorded {
  readonly text: string;
  /** Lines of `modprobe --showconfig`, without those of the kernel's command line. */
  readonly config: readonly string[];
}

/** Answers of kmod 30 (Debian 12). */
const RECORDED = readFileSync(new URL('../../../test/boot/recordings/kmod-30.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Recorded);

/** Texts made of what means something to kmod. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom('options', 'blacklist', 'softdep', 'install', 'remove', 'alias', 'include', '#'),
      fc.constantFrom('vfio-pci', 'xen-pciback', 'e1000e', 'a[b-c]-d', 'a]', '[x', 'pre:', 'post:'),
      fc.constantFrom('ids=8086:10d3', 'ids="1:2,', 'hide=(0a:00.0)', 'x=1', '"', '=', 'y'),
      fc.constantFrom(' ', ' ', '  ', '\t', '\n', '\n', '\n', '\\\n', '\\', '\r\n'),
      fc.string({
        maxLength: 3,
        unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
      }),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

const wild = fc.oneof(
  texts,
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
);

describe('a file of modprobe.d', () => {
  test('means what it means to kmod', (context) => {
    for (const { text, config } of RECORDED)
      assert.deepEqual(readConfig(text), config.map(comparable).sort(), JSON.stringify(text));
    context.diagnostic(`${RECORDED.length} texts`);
    assert.ok(RECORDED.length > 100);
  });

  const ofKernel = showConfig('');
  const skip = ofKernel === undefined ? 'there is no modprobe of kmod: apt-get install kmod' : false;
  test('means it to the kmod of this machine too', { skip }, () =>
    checkProperty(
      'modprobe: as kmod reads it',
      fc.property(texts, (text) => {
        const printed = [...(showConfig(text) ?? [])];
        for (const line of ofKernel ?? []) {
          const at = printed.lastIndexOf(line);
          if (at >= 0) printed.splice(at, 1);
        }
        assert.deepEqual(readConfig(text), printed.map(comparable).sort());
      }),
      { numRuns: 40 },
    ),
  );

  test('is printed as it was read, and linted whatever it is', () =>
    checkProperty(
      'modprobe: printed and linted',
      fc.property(wild, (text) => {
        assert.equal(modprobeFile.print(text), text);
        for (const { offset, length } of modprobeFile.lint(text, '/etc/modprobe.d/a.conf'))
          assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length);
      }),
    ));
});

describe('an edit', () => {
  const set = (text: string, module: string, option: string, value: string | undefined) =>
    editText(text, setModuleOption(text, module, option, value));

  test('changes the option that counts, adds it where the module has others, or at the end', () => {
    assert.equal(
      set('options vfio-pci ids=1:2 disable_vga=1 # x\n', 'vfio_pci', 'ids', '3:4'),
      'options vfio-pci ids=3:4 disable_vga=1 # x\n',
    );
    assert.equal(
      set('options vfio_pci disable_vga=1 \\\n  \nblacklist x', 'vfio-pci', 'ids', '1:2'),
      'options vfio_pci disable_vga=1 ids=1:2 \\\n  \nblacklist x',
    );
    assert.equal(set('# mine', 'vfio-pci', 'ids', '1:2'), '# mine\noptions vfio-pci ids=1:2');
    assert.equal(
      set('', 'xen-pciback', 'hide', '(0a:00.0) (0b:00.0)'),
      'options xen-pciback hide="(0a:00.0) (0b:00.0)"\n',
    );
    assert.equal(set('options a x=1 y=2\noptions a x=3\n', 'a', 'x', undefined), 'options a y=2\n');
    assert.equal(set('options a x=1 x=2\nb', 'a', 'x', undefined), 'b');
  });

  test('what the file cannot say is refused', () => {
    for (const value of ['a"b', 'a\nb', 'a\\b'])
      assert.throws(() => setModuleOption('', 'm', 'x', value), UnwritableValueError);
    assert.throws(() => setModuleOption('', 'm', 'x y', '1'), UnwritableValueError);
    assert.throws(() => addModprobeLine('', 'a\nb'), UnwritableValueError);
  });

  test('taken back leaves the file as it was, and nothing else is touched', () =>
    checkProperty(
      'modprobe: edited and back',
      fc.property(texts, fc.constantFrom('vfio-pci', 'e1000e'), (text, module) => {
        fc.pre(optionsOf(text, module).every(({ name, unclosed }) => name !== 'ids' && !unclosed));
        const added = set(text, module, 'ids', '1:2');
        assert.deepEqual(
          optionsOf(added, module).map(({ name, value }) => `${name}=${value}`),
          [...optionsOf(text, module).map(({ name, value }) => `${name}=${value}`), 'ids=1:2'],
        );
        assert.equal(set(added, module, 'ids', undefined), text);
        const line = `softdep nouveau pre: ${module}`;
        const withLine = editText(text, addModprobeLine(text, line));
        if (withLine !== text) assert.equal(editText(withLine, removeModprobeLine(withLine, line)), text);
      }),
    ));
});

describe('its lint', () => {
  const codes = (text: string, path?: string) => lintCodes(modprobeFile, text, path);

  test('tells what modprobe leaves out, and what it takes for something else', () => {
    assert.deepEqual(
      codes('option vfio-pci ids=1:2\n  # mine\ninclude x\noptions vfio-pci\nblacklist\nalias a[b c\n'),
      [
        'COMMAND_UNKNOWN "option"',
        'COMMENT_INDENTED "#"',
        'COMMAND_DEPRECATED "include"',
        'NOTHING_BEHIND "options"',
        'MODULE_MISSING "blacklist"',
        'BRACKETS "alias"',
      ],
    );
    assert.deepEqual(codes('# the card \\\nblacklist e1000e\n'), ['COMMENT_GOES_ON "\\\\"']);
    assert.deepEqual(codes('blacklist a b # c\nblacklist d # e\nblacklist f\r\n'), [
      'WORD_LEFT_OUT "b"',
      'CARRIAGE_RETURN "\\r"',
    ]);
    assert.deepEqual(codes('softdep a b pre: c post: d # e\n'), [
      'SOFTDEP_UNSAID "b"',
      'COMMENT_IN_SOFTDEP "#"',
    ]);
    assert.deepEqual(codes('install a echo \\$X\n'), ['BACKSLASH_LOST "\\\\"']);
    assert.deepEqual(codes('options a x="1 y=2\noptions b z=1 # w\n'), [
      'QUOTE_UNCLOSED "x=\\"1 y=2"',
      'COMMENT_IN_OPTIONS "#"',
    ]);
  });

  test('tells what vfio-pci and xen-pciback make of their lists', () => {
    const early = 'softdep x pre: vfio-pci xen-pciback\n';
    assert.deepEqual(codes(`${early}options vfio-pci ids=10de:1eb8,10de,,x:y,12345:1\n`), [
      'IDS_BY_KIND "ids=10de:1eb8,10de,,x:y,12345:1"',
      'ID_MALFORMED "10de"',
      'ID_MALFORMED "x:y"',
      'ID_WIDE "12345:1"',
    ]);
    assert.deepEqual(
      codes(`${early}options vfio-pci ids=1:2\noptions vfio_pci ids=3:4 a-b=1\noptions vfio_pci a_b=1`),
      ['LIST_REPLACED "ids=1:2"', 'IDS_BY_KIND "ids=3:4"', 'OPTION_REPEATED "a-b=1"'],
    );
    assert.deepEqual(codes('options xen-pciback hide=(0a:00.0)(0b:00.8)\n'), [
      'LOADED_LATE "hide=(0a:00.0)(0b:00.8)"',
      'NUMBER_RANGE "8"',
    ]);
  });

  test('tells a file that modprobe does not read', () => {
    assert.deepEqual(codes('', '/etc/modprobe.d/vfio'), ['FILE_NAME ""']);
    assert.deepEqual(codes('', '/etc/modprobe.d/.vfio.conf'), ['FILE_NAME ""']);
    assert.deepEqual(codes('', '/etc/modprobe.d/vfio.conf'), []);
  });
});
