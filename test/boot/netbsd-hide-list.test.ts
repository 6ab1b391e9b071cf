/** NetBSD's hide lists: what was seen on its kernels, a model of its parser over random texts, and round trips. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  HideListLimitError,
  hideGrammars,
  isSound,
  patternOf,
  patternText,
  type HideList,
} from '../../src/boot/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { modelNetbsd } from './netbsd-model.js';

const { netbsd } = hideGrammars;
const claims = (list: HideList) => list.claims.map(patternText);
const codes = (list: HideList) => list.findings.map(({ code, position }) => `${code}@${position}`);

interface Case {
  readonly text: string;
  readonly claims: readonly string[];
  readonly findings: readonly string[];
  readonly backEnd: boolean;
}

function check({ text, ...expected }: Case): void {
  const list = netbsd.parse(text);
  assert.deepEqual(
    { claims: claims(list), findings: codes(list), backEnd: list.backEnd },
    expected,
    JSON.stringify(text),
  );
}

const seven = ['00', '01', '02', '03', '04', '05', '06'].map((device) => `(00:${device}.0)`).join('');
const sevenClaims = ['00', '01', '02', '03', '04', '05', '06'].map((device) => `0000:00:${device}.0`);

describe('seen on a kernel', () => {
  const observed: Readonly<Record<string, Case>> = {
    'one function': { text: '(00:07.0)', claims: ['0000:00:07.0'], findings: [], backEnd: true },
    'a domain other than 0000 is skipped, the rest is accepted': {
      text: '(0001:00:02.0)(00:05.0)',
      claims: ['0000:00:05.0'],
      findings: ['DOMAIN_UNREADABLE@1'],
      backEnd: true,
    },
    'a domain with a zero more': {
      text: '(00000:00:06.0)',
      claims: ['0000:00:06.0'],
      findings: ['DOMAIN_INEXACT@1'],
      backEnd: true,
    },
    'numbers of any width': { text: '(00:7.0)', claims: ['0000:00:07.0'], findings: [], backEnd: true },
    '63 characters, 7 functions': { text: seven, claims: sevenClaims, findings: [], backEnd: true },
    '72 characters: the eighth is lost, and the back end with it': {
      text: `${seven}(00:07.0)`,
      claims: sevenClaims,
      findings: ['VALUE_TOO_LONG@64'],
      backEnd: false,
    },
    'a comma: what stands before stays claimed, without a back end': {
      text: '(00:05.0),(00:06.0)',
      claims: ['0000:00:05.0'],
      findings: ['ELEMENT_EXPECTED@9'],
      backEnd: false,
    },
    'parentheses around nothing: the kernel dies': {
      text: '(00:05.0)()',
      claims: [],
      findings: ['COLON_MISSING@9'],
      backEnd: false,
    },
  };
  for (const [name, one] of Object.entries(observed)) {
    test(name, () => {
      check(one);
    });
  }

  test('a page fault is fatal, and nothing else is', () => {
    const [finding] = netbsd.parse('()').findings;
    assert.equal(finding?.severity, 'fatal');
    assert.ok(!isSound(netbsd.parse('()')));
    assert.ok(netbsd.parse('(00:05.0),').findings.every(({ severity }) => severity === 'error'));
  });
});

describe('read in the source', () => {
  const cases: readonly Case[] = [
    { text: '', claims: [], findings: ['VALUE_EMPTY@0'], backEnd: false },
    { text: '00:05.0', claims: [], findings: ['ELEMENT_EXPECTED@0'], backEnd: false },
    { text: '(00:05.0', claims: [], findings: ['ELEMENT_UNCLOSED@0'], backEnd: false },
    { text: '(foo)', claims: [], findings: ['COLON_MISSING@0'], backEnd: false },
    { text: '(0000)(00:05.0)', claims: [], findings: ['COLON_MISSING@0'], backEnd: false },
    {
      text: '(:.)',
      claims: ['0000:00:00.0'],
      findings: ['NUMBER_EMPTY@1', 'NUMBER_EMPTY@2', 'NUMBER_EMPTY@3'],
      backEnd: true,
    },
    { text: '(0000:02.0)', claims: [], findings: ['BUS_READ_AS_DOMAIN@1'], backEnd: true },
    { text: '(0000:0A:1F.7)', claims: ['0000:0a:1f.7'], findings: [], backEnd: true },
    { text: '(0000zz:0a:00.0)', claims: ['0000:0a:00.0'], findings: ['DOMAIN_INEXACT@1'], backEnd: true },
    {
      text: '(0x0a:+1.0)',
      claims: ['0000:0a:01.0'],
      findings: ['NUMBER_PREFIXED@1', 'NUMBER_SIGNED@6'],
      backEnd: true,
    },
    { text: '(0x:1.0)', claims: [], findings: ['ELEMENT_BAD@1'], backEnd: true },
    { text: '(-ffffffff:0.0)', claims: ['0000:01:00.0'], findings: ['NUMBER_SIGNED@1'], backEnd: true },
    { text: '(-1:0.0)', claims: [], findings: ['NUMBER_SIGNED@1', 'NUMBER_RANGE@1'], backEnd: true },
    { text: '(\t1:0.0)', claims: ['0000:01:00.0'], findings: ['NUMBER_SPACED@1'], backEnd: true },
    { text: '(100000002:0.0)', claims: ['0000:02:00.0'], findings: ['NUMBER_WRAPS@1'], backEnd: true },
    { text: '(10000000000000000:0.0)', claims: [], findings: ['ELEMENT_BAD@1'], backEnd: true },
    {
      text: '(00000000000000000000000001:0:0.0)',
      claims: ['0000:00:00.0'],
      findings: ['DOMAIN_INEXACT@1'],
      backEnd: true,
    },
    {
      text: '(00:20.0)(100:0.0)(0:0.8)',
      claims: [],
      findings: ['NUMBER_RANGE@4', 'NUMBER_RANGE@10', 'NUMBER_RANGE@23'],
      backEnd: true,
    },
    { text: '(00:05.*)', claims: [], findings: ['ELEMENT_BAD@7'], backEnd: true },
    { text: '(00:05.0.)', claims: [], findings: ['ELEMENT_BAD@8'], backEnd: true },
    {
      text: '(00:05.0)(0:5.0)',
      claims: ['0000:00:05.0', '0000:00:05.0'],
      findings: ['DUPLICATE@9'],
      backEnd: true,
    },
    { text: '(00:05.0) (00:06.0)', claims: ['0000:00:05.0'], findings: ['VALUE_ENDS@9'], backEnd: true },
    { text: '((00:05.0)', claims: [], findings: ['ELEMENT_BAD@1'], backEnd: true },
  ];
  for (const one of cases) {
    test(JSON.stringify(one.text), () => {
      check(one);
    });
  }

  test('64 characters have no room for their end', () => {
    const list = netbsd.parse(`${seven.slice(0, 54)}(00:000.6)`);
    assert.equal(list.value.length, 64);
    assert.equal(list.claims.length, 7);
    assert.deepEqual([codes(list), list.backEnd], [['VALUE_TOO_LONG@64'], false]);
  });

  test('a character of more than a byte takes its bytes of the field', () => {
    const list = netbsd.parse(`(0000${'é'.repeat(26)}:0:1.0)`);
    assert.deepEqual([list.value.length, codes(list)], [38, ['DOMAIN_INEXACT@1', 'VALUE_TOO_LONG@38']]);
  });
});

describe('in a command line', () => {
  const cases: readonly Case[] = [
    { text: 'pciback.hide=(00:05.0)', claims: ['0000:00:05.0'], findings: [], backEnd: true },
    {
      text: '/netbsd console=pc PCIback.Hide=(00:05.0) -v',
      claims: ['0000:00:05.0'],
      findings: [],
      backEnd: true,
    },
    {
      text: 'pciback.hide=(00:05.0) pciback.hide=(00:06.0)',
      claims: ['0000:00:06.0'],
      findings: ['OPTION_REPEATED@0'],
      backEnd: true,
    },
    { text: 'xen-pciback.hide=(00:05.0)', claims: [], findings: ['OPTION_ABSENT@0'], backEnd: false },
    { text: 'a\tpciback.hide=(00:05.0)', claims: [], findings: ['OPTION_ABSENT@0'], backEnd: false },
    {
      text: 'pciback.hide=(00:05.0) (00:06.0)',
      claims: ['0000:00:05.0'],
      findings: ['VALUE_ENDS@23'],
      backEnd: true,
    },
    { text: 'pciback.hide=', claims: [], findings: ['VALUE_EMPTY@13'], backEnd: false },
    { text: 'pciback.hide=(00:05.0)()', claims: [], findings: ['COLON_MISSING@22'], backEnd: false },
    {
      text: `${'x'.repeat(233)} pciback.hide=(00:05.0)`,
      claims: [],
      findings: ['ELEMENT_UNCLOSED@247', 'LINE_TOO_LONG@255'],
      backEnd: false,
    },
  ];
  for (const one of cases) {
    test(JSON.stringify(one.text.replace(/x{9,}/, 'x…')), () => {
      check(one);
    });
  }
});

/** Texts that nearly are lists. */
const nearList = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'()0-9a-f:.*, x-'), maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        '(',
        ')',
        ':',
        '.',
        '0',
        '00',
        '0000',
        '0x',
        '1f',
        'a',
        '-',
        '+',
        '\t',
        '(00:05.0)',
        '(0000:',
        'ffffffff',
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('')),
);

test('agrees with the model of the kernel on any text', async () => {
  const seen = new Map<string, number>();
  await checkProperty(
    'hide-list: NetBSD agrees with its model',
    fc.property(nearList, (text) => {
      const value = text.split(' ')[0]?.slice(0, 63) ?? '';
      const model = modelNetbsd(value);
      const list = netbsd.parse(value);
      seen.set(model.end, (seen.get(model.end) ?? 0) + 1);
      const possible = model.claimed
        .map((claim) => claim.split(/[:.]/).map(Number))
        .filter(([bus = 0, device = 0, fn = 0]) => bus <= 0xff && device <= 0x1f && fn <= 7)
        .map(([bus = 0, device = 0, fn = 0]) => String(new PciAddress(0, bus, device, fn)));
      assert.deepEqual(claims(list), model.end === 'page fault' ? [] : possible, value);
      assert.equal(list.backEnd, model.end === 'registered', value);
      const skips = ['ELEMENT_BAD', 'DOMAIN_UNREADABLE', 'BUS_READ_AS_DOMAIN'];
      assert.equal(list.findings.filter(({ code }) => skips.includes(code)).length, model.skipped, value);
      assert.equal(
        list.findings.some(({ severity }) => severity === 'fatal'),
        model.end === 'page fault',
        value,
      );
    }),
    { numRuns: 5000 },
  );
  assert.deepEqual([...seen.keys()].sort(), ['page fault', 'registered', 'silent', 'syntax error']);
});

test('any text is read, and findings stand inside of it', async () => {
  await checkProperty(
    'hide-list: NetBSD reads any text',
    fc.property(
      fc.oneof(
        nearList,
        fc.string({ unit: 'binary', maxLength: 300 }),
        nearList.map((text) => `pciback.hide=${text}`),
      ),
      (text) => {
        const list = netbsd.parse(text);
        for (const { position, text: part } of list.findings)
          assert.ok(position >= 0 && text.startsWith(part, position), `${position} ${part}`);
        for (const { position, text: part } of list.elements) assert.ok(text.startsWith(part, position));
      },
    ),
    { numRuns: 500 },
  );
});

const addresses = fc
  .tuple(fc.nat(0xff), fc.nat(0x1f), fc.nat(7))
  .map(([bus, device, fn]) => new PciAddress(0, bus, device, fn));

test('what it formats it parses, and it is sound', async () => {
  await checkProperty(
    'hide-list: NetBSD parses what it formats',
    fc.property(fc.uniqueArray(addresses, { minLength: 1, maxLength: 7, selector: String }), (all) => {
      const list = netbsd.parse(netbsd.format(all.map(patternOf)));
      assert.deepEqual(claims(list), all.map(String));
      assert.deepEqual([list.findings, list.backEnd], [[], true]);
    }),
  );
});

test('refuses to write what the kernel would not read', () => {
  const eight = Array.from({ length: 8 }, (_, device) => patternOf(new PciAddress(0, 0, device, 0)));
  for (const patterns of [
    eight,
    [patternOf(new PciAddress(1, 0, 0, 0))],
    [{ domain: 0, bus: 0, device: 3, function: undefined }],
    [{ domain: 0, bus: 0, device: undefined, function: undefined }],
  ])
    assert.throws(() => netbsd.format(patterns), HideListLimitError);
  assert.equal(netbsd.format(eight.slice(1)).length, 63);
});
