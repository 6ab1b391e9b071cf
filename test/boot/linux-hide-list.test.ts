/** Linux's hide lists: each way that its parser takes, a model of it over random texts, and round trips. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  certainDialect,
  HideListLimitError,
  hideGrammars,
  isSound,
  patternText,
  type HideList,
  type HidePattern,
} from '../../src/boot/index.js';
import { checkProperty } from '../kept-seeds.js';
import { modelLinux } from './linux-model.js';

const { linux } = hideGrammars;
const claims = (list: HideList) => list.claims.map(patternText);
const codes = (list: HideList) => list.findings.map(({ code, position }) => `${code}@${position}`);

interface Case {
  readonly text: string;
  readonly claims: readonly string[];
  readonly findings: readonly string[];
  /** The driver starts. */
  readonly starts: boolean;
}

function check({ text, starts, ...expected }: Case): void {
  const list = linux.parse(text);
  assert.deepEqual({ claims: claims(list), findings: codes(list) }, expected, JSON.stringify(text));
  assert.equal(list.backEnd, starts);
}

describe('a list', () => {
  const cases: readonly Case[] = [
    { text: '(0a:00.0)', claims: ['0000:0a:00.0'], findings: [], starts: true },
    {
      text: '(0001:0a:00.0)(1:b:1F.7)',
      claims: ['0001:0a:00.0', '0001:0b:1f.7'],
      findings: [],
      starts: true,
    },
    { text: '(0a:00.*)', claims: ['0000:0a:00.*'], findings: [], starts: true },
    { text: '(0a:*.*)', claims: ['0000:0a:*.*'], findings: [], starts: true },
    {
      text: '(0002:0a:00.*)(0002:0b:*.*)',
      claims: ['0002:0a:00.*', '0002:0b:*.*'],
      findings: [],
      starts: true,
    },
    { text: '', claims: [], findings: ['VALUE_EMPTY@0'], starts: true },
    // White space: before elements, before numbers, behind all; nowhere else.
    { text: ' (0a:00.0)\n', claims: ['0000:0a:00.0'], findings: ['SPACE_UNQUOTED@0'], starts: true },
    { text: '( 0a: 00. 0)', claims: ['0000:0a:00.0'], findings: ['SPACE_UNQUOTED@1'], starts: true },
    { text: '(0a :00.0)', claims: [], findings: ['SPACE_UNQUOTED@3', 'ELEMENT_BAD@3'], starts: false },
    { text: '(0a:00.0 )', claims: [], findings: ['SPACE_UNQUOTED@8', 'ELEMENT_BAD@8'], starts: false },
    { text: '(0a: *.*)', claims: [], findings: ['SPACE_UNQUOTED@4', 'ELEMENT_BAD@4'], starts: false },
    { text: '  ', claims: [], findings: ['SPACE_UNQUOTED@0', 'ELEMENT_EXPECTED@2'], starts: false },
    // A bad element takes the good ones with it.
    { text: '(0a:00.0),(0b:00.0)', claims: [], findings: ['ELEMENT_EXPECTED@9'], starts: false },
    { text: '(0a:00.0)(0b:00.0', claims: [], findings: ['ELEMENT_UNCLOSED@17'], starts: false },
    { text: '(0a:00.0)()', claims: [], findings: ['ELEMENT_BAD@10'], starts: false },
    { text: '(0a:*.0)', claims: [], findings: ['ELEMENT_BAD@6'], starts: false },
    { text: '(*:*.*)', claims: [], findings: ['ELEMENT_BAD@1'], starts: false },
    { text: '(:.)', claims: [], findings: ['ELEMENT_BAD@1'], starts: false },
    { text: '(-1:00.0)', claims: [], findings: ['ELEMENT_BAD@1'], starts: false },
    { text: '(0:0:0:0.0)', claims: [], findings: ['ELEMENT_BAD@6'], starts: false },
    // Numbers as sscanf takes them.
    {
      text: '(0x0a:0X1.0)',
      claims: ['0000:0a:01.0'],
      findings: ['NUMBER_PREFIXED@1', 'NUMBER_PREFIXED@6'],
      starts: true,
    },
    { text: '(0x:1.0)', claims: ['0000:00:01.0'], findings: ['NUMBER_EMPTY@1'], starts: true },
    { text: '(10000000a:1.0)', claims: ['0000:0a:01.0'], findings: ['NUMBER_WRAPS@1'], starts: true },
    { text: '(0a:ffffffff.3)', claims: ['0000:0a:*.3'], findings: ['NUMBER_IS_WILDCARD@4'], starts: true },
    { text: '(0a:00.80000000)', claims: ['0000:0a:00.*'], findings: ['NUMBER_IS_WILDCARD@7'], starts: true },
    // Out of range: no message, and no driver.
    { text: '(0a:20.0)', claims: [], findings: ['NUMBER_RANGE@4'], starts: false },
    { text: '(0a:00.8)', claims: [], findings: ['NUMBER_RANGE@7'], starts: false },
    { text: '(0a:00.0)(100:00.0)', claims: [], findings: ['NUMBER_RANGE@10'], starts: false },
    { text: '(10000:0a:00.0)', claims: [], findings: ['NUMBER_RANGE@1'], starts: false },
    { text: '(ffffffff:00.0)', claims: [], findings: ['NUMBER_RANGE@1'], starts: false },
    {
      text: '(0a:00.0)(0a:00.*)',
      claims: ['0000:0a:00.0', '0000:0a:00.*'],
      findings: ['DUPLICATE@9'],
      starts: true,
    },
  ];
  for (const one of cases) {
    test(JSON.stringify(one.text), () => {
      check(one);
    });
  }

  test('more than 1024 characters are refused as a whole', () => {
    const fits = `${'(0a:00.0)'.repeat(113)}(a:0.0)`;
    assert.deepEqual([fits.length, linux.parse(fits).claims.length], [1024, 114]);
    const list = linux.parse(`${fits}(b:0.0)`);
    assert.deepEqual([codes(list), list.claims, list.elements], [['VALUE_TOO_LONG@1024'], [], []]);
  });
});

describe('in a command line', () => {
  const cases: readonly Case[] = [
    {
      text: 'quiet xen-pciback.hide=(0a:00.0) root=/dev/sda1',
      claims: ['0000:0a:00.0'],
      findings: [],
      starts: true,
    },
    { text: 'xen_pciback.hide=(0a:00.0)', claims: ['0000:0a:00.0'], findings: [], starts: true },
    {
      text: 'xen-pciback.hide="(0a:00.0) (0b:00.0)" x',
      claims: ['0000:0a:00.0', '0000:0b:00.0'],
      findings: [],
      starts: true,
    },
    {
      text: '"xen-pciback.hide=(0a:00.0) (0b:00.0)"',
      claims: ['0000:0a:00.0', '0000:0b:00.0'],
      findings: [],
      starts: true,
    },
    {
      text: 'xen-pciback.hide=(0a:00.0) (0b:00.0)',
      claims: ['0000:0a:00.0'],
      findings: ['VALUE_ENDS@27'],
      starts: true,
    },
    {
      text: 'xen-pciback.hide=(0a:00.0) xen-pciback.hide=(0b:00.0)',
      claims: ['0000:0b:00.0'],
      findings: ['OPTION_REPEATED@0'],
      starts: true,
    },
    { text: 'pciback.hide=(0a:00.0)', claims: [], findings: ['OPTION_ABSENT@0'], starts: true },
    { text: 'Xen-pciback.hide=(0a:00.0)', claims: [], findings: ['OPTION_ABSENT@0'], starts: true },
    { text: '-- xen-pciback.hide=(0a:00.0)', claims: [], findings: ['OPTION_ABSENT@0'], starts: true },
    { text: 'xen-pciback.hide=""', claims: [], findings: ['VALUE_EMPTY@18'], starts: true },
    {
      text: `${'x'.repeat(2030)} xen-pciback.hide=(0a:00.0)`,
      claims: [],
      findings: ['OPTION_ABSENT@0', 'LINE_TOO_LONG@2047'],
      starts: true,
    },
  ];
  for (const one of cases) {
    test(JSON.stringify(one.text.replace(/x{9,}/, 'x…')), () => {
      check(one);
    });
  }

  test('only today’s option says for whom the list is', () => {
    assert.equal(certainDialect('quiet xen-pciback.hide=(0a:00.0)'), 'linux');
    for (const text of ['pciback.hide=(0a:00.0)', '(0a:*.*)', '(0a:00.0)', 'my-xen-pciback.hide='])
      assert.equal(certainDialect(text), undefined);
  });
});

const nearList = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'()0-9a-f:.*, x-'), maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        '(',
        ')',
        ':',
        '.',
        '*',
        '0',
        '00',
        '0001:',
        '0x',
        '1f',
        'a',
        '-',
        ' ',
        '\t',
        '(00:05.0)',
        '(0a:*.*)',
        '(3:',
        '.*)',
        'ffffffff',
        '100000000',
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join('')),
);

test('agrees with the model of the driver on any text', async () => {
  const seen = { starts: 0, fails: 0, wildcards: 0 };
  await checkProperty(
    'hide-list: Linux agrees with its model',
    fc.property(nearList, (text) => {
      const { listed } = modelLinux(text);
      const list = linux.parse(text);
      assert.equal(list.backEnd, listed !== undefined, text);
      assert.deepEqual(
        list.claims.map(
          ({ domain, bus, device, function: fn }) => `${domain}:${bus}:${device ?? -1}.${fn ?? -1}`,
        ),
        listed ?? [],
        text,
      );
      if (listed === undefined) assert.ok(!isSound(list));
      seen[listed === undefined ? 'fails' : 'starts']++;
      if (listed?.some((claim) => claim.includes('-1')) === true) seen.wildcards++;
    }),
    { numRuns: 5000 },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 10, `${what}: ${count}`);
});

test('any text is read, and findings stand inside of it', async () => {
  await checkProperty(
    'hide-list: Linux reads any text',
    fc.property(
      fc.oneof(
        nearList,
        fc.string({ unit: 'binary', maxLength: 300 }),
        nearList.map((text) => `xen-pciback.hide=${text}`),
      ),
      (text) => {
        const list = linux.parse(text);
        for (const { position, text: part } of list.findings)
          assert.ok(position >= 0 && text.startsWith(part, position), `${position} ${part}`);
        for (const { position, text: part } of list.elements) assert.ok(text.startsWith(part, position));
      },
    ),
    { numRuns: 500 },
  );
});

const patterns: fc.Arbitrary<HidePattern> = fc
  .tuple(
    fc.oneof(fc.constant(0), fc.nat(0xffff)),
    fc.nat(0xff),
    fc.nat(0x1f),
    fc.nat(7),
    fc.constantFrom(0, 1, 2),
  )
  .map(([domain, bus, device, fn, stars]) => ({
    domain,
    bus,
    device: stars === 2 ? undefined : device,
    function: stars === 0 ? fn : undefined,
  }));

test('what it formats it parses, and it is sound', async () => {
  await checkProperty(
    'hide-list: Linux parses what it formats',
    fc.property(fc.array(patterns, { minLength: 1, maxLength: 70 }), (all) => {
      const list = linux.parse(linux.format(all));
      assert.deepEqual(list.claims, all);
      assert.ok(isSound(list));
    }),
  );
});

test('writes one function of every device, and refuses what is too long', () => {
  const list = linux.parse(linux.format([{ domain: 0, bus: 1, device: undefined, function: 3 }]));
  assert.deepEqual([list.claims.length, claims(list)[31]], [32, '0000:01:1f.3']);
  assert.throws(
    () =>
      linux.format(Array.from({ length: 4 }, () => ({ domain: 0, bus: 1, device: undefined, function: 3 }))),
    HideListLimitError,
  );
});
