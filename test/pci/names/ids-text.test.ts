/** The grammar of pci.ids, the index that is made of it, and what is no pci.ids. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  IdsIndexError,
  IndexedNames,
  MalformedIdsError,
  parseIdsText,
  writeIndex,
} from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { lspciVersion } from '../lspci-run.js';

function namesOf(text: string): IndexedNames {
  return new IndexedNames(writeIndex(parseIdsText(text)));
}

function failedLine(text: string): number | undefined {
  try {
    parseIdsText(text);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MalformedIdsError);
    assert.equal(typeof error.evidence['line'], 'number');
    return error.evidence['line'] as number;
  }
}

describe('the text', () => {
  test('each kind of entry has its place', () => {
    const names = namesOf(
      [
        '#',
        '#\tList of ids',
        '#\tVersion: 2031.02.03',
        '#\tDate:    2031-02-03 04:05:06',
        '',
        '# of the entries below',
        '1af4  Red Hat, Inc.',
        '# a note on the device',
        '\t1000  Virtio network device',
        '\t\t1af4 0001  QEMU board',
        '\t\t8086 0001  Another board',
        '\t1001  Virtio block device',
        '8086  Intel Corporation',
        'S 8086',
        '\t0777  Whatever the device',
        'Q 12  a kind that is not known',
        '\twhatever stands here',
        'C 01  Mass storage controller',
        '\t08  Non-Volatile memory controller',
        '\t\t02  NVM Express',
      ].join('\n'),
    );
    assert.equal(names.vendor(0x1af4), 'Red Hat, Inc.');
    assert.equal(names.vendor(0x1af5), undefined);
    assert.equal(names.device(0x1af4, 0x1001), 'Virtio block device');
    assert.equal(names.device(0x8086, 0x1001), undefined);
    assert.equal(names.subsystem(0x1af4, 0x1000, 0x8086, 1), 'Another board');
    assert.equal(names.subsystem(0x1af4, 0x1001, 0x8086, 1), undefined);
    assert.equal(names.subsystem(0x1af4, 0x1001, 0x8086, 0x777), 'Whatever the device');
    assert.equal(
      names.subsystem(0x1af4, 0x1001, 0x1af4, 0x1001),
      'Virtio block device',
      "the vendor's own board",
    );
    assert.equal(names.subsystem(0x1af4, 0x1001, 0x1af4, 0x1000), undefined);
    assert.equal(names.baseClass(1), 'Mass storage controller');
    assert.equal(names.subclass(0x0108), 'Non-Volatile memory controller');
    assert.equal(names.programmingInterface(0x010802), 'NVM Express');
    assert.equal(names.programmingInterface(0x010803), undefined);
    const { version, date, notice, counts } = names.about;
    assert.equal(version, '2031.02.03');
    assert.equal(date, '2031-02-03 04:05:06');
    assert.equal(notice, 'List of ids\nVersion: 2031.02.03\nDate:    2031-02-03 04:05:06');
    assert.deepEqual(counts, {
      vendors: 2,
      devices: 2,
      subsystems: 2,
      anySubsystems: 1,
      baseClasses: 1,
      subclasses: 1,
      interfaces: 1,
    });
  });

  const wrong: readonly [text: string, line: number, expected: RegExp][] = [
    ['1234  A\n\n1234  B', 3, /a vendor that has no name above/],
    ['1234  A\n\t0001  X\n\t0001  Y', 3, /a device that has no name above/],
    ['1234', 1, /VVVV {2}name/],
    ['\t0001  X', 1, /a vendor or a class before/],
    ['1234  A\n\t\t1234 0001  X', 2, /a device or a subclass before/],
    ['1234  A\n\t001  X', 2, /DDDD {2}name/],
    ['1234  A\n\t0001  X\n\t\t12340001  Y', 3, /VVVV DDDD {2}name/],
    ['S 1234\n\t0001  X', 1, /a vendor that stands above/],
    ['C 1  X', 1, /C CC {2}name/],
    ['C 01  X\n\t1  Y', 2, /SS {2}name/],
    ['1234  A\n<html>', 2, /of a vendor, or "C CC {2}name" of a class/],
    ['1234  A\x1b[2J', 1, /a readable name/],
    ['1234  caf\ufffd', 1, /a readable name/],
    [`1234  ${'A'.repeat(1001)}`, 1, /at most 1000 characters/],
  ];
  for (const [text, line, expected] of wrong)
    test(`line ${line} of ${JSON.stringify(text.slice(0, 40))} is told`, () => {
      assert.equal(failedLine(text), line);
      assert.throws(() => parseIdsText(text), { code: 'IDS_MALFORMED', message: expected });
    });

  test('the text of a refusal commands no terminal', () => {
    assert.throws(
      () => parseIdsText('\x1b[2Jclear'),
      (error) => error instanceof MalformedIdsError && !error.message.includes('\x1b'),
    );
  });

  const skip = lspciVersion() === undefined ? 'lspci (package pciutils) is not installed' : false;
  test('lspci refuses the same line, or none', { skip }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'openslot-ids-'));
    const file = join(folder, 'pci.ids');
    const dump = join(folder, 'dump');
    writeFileSync(dump, `00:00.0 x\n00: 34 12 01 00${' 00'.repeat(12)}\n3f: 00\n`);
    const id = fc.constantFrom('1234', '0001', 'ABCD', '12', '0f', 'zz', '123');
    const line = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constantFrom('', '\t', '\t\t'), id, id) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom('C ', 'S ', 'Q ', '# ', '\t# ', ' '), id, id) },
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom('  ', ' '), fc.constantFrom('A name', 'x', '', 'x ', 'y\r')), {
        maxLength: 12,
      })
      .map((lines) =>
        lines
          .map(([[tabs, first, second], gap, name]) =>
            tabs === '\t\t' ? `${tabs}${first} ${second}${gap}${name}` : `${tabs}${first}${gap}${name}`,
          )
          .join('\n'),
      );
    try {
      await checkProperty(
        'names: lspci refuses the same line of a pci.ids',
        fc.property(text, (ids) => {
          // It reads programming interfaces of no subclass, as it reads a class whatever stands above.
          fc.pre(!/^C .*(\n\s*#.*)*\n\t\t/m.test(ids));
          writeFileSync(file, `1234  first\n${ids}\n`);
          const { stderr } = spawnSync('lspci', ['-F', dump, '-i', file, '-v'], { encoding: 'utf8' });
          const told = / at .*, line (\d+)/.exec(stderr)?.[1];
          assert.equal(
            failedLine(`1234  first\n${ids}\n`),
            told === undefined ? undefined : Number(told),
            stderr,
          );
        }),
        { numRuns: 200 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the index', () => {
  const id = fc.integer({ min: 0, max: 0xffff });
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((text) => text.replaceAll(/[\p{Cc}\s#\ufffd]/gu, '_'));
  const model = fc.record({
    vendors: fc.dictionary(id.map(String), name, { maxKeys: 8 }),
    entries: fc.uniqueArray(fc.tuple(id, id, fc.array(fc.tuple(id, id, name), { maxLength: 5 }), name), {
      maxLength: 20,
      selector: ([, device]) => device,
    }),
  });
  const hex = (value: number) => value.toString(16).padStart(4, '0');

  test('has what the text has, and nothing else', async () => {
    await checkProperty(
      'names: an index of pci.ids has what the text has',
      fc.property(model, id, id, ({ vendors, entries }, otherVendor, otherDevice) => {
        const all = Object.keys(vendors).map(Number);
        const text: string[] = [];
        /** Undefined: not named. */
        const devices = new Map<string, string>();
        const subsystems = new Map<string, string>();
        all.forEach((vendor, nth) => {
          text.push(`${hex(vendor)}  ${vendors[vendor] ?? ''}`);
          for (const [, device, boards, title] of entries.filter(([chosen]) => chosen % all.length === nth)) {
            text.push(`\t${hex(device)}  ${title}`);
            devices.set(`${vendor} ${device}`, title);
            for (const [subVendor, subDevice, board] of boards) {
              const key = `${vendor} ${device} ${subVendor} ${subDevice}`;
              if (subsystems.has(key)) continue;
              text.push(`\t\t${hex(subVendor)} ${hex(subDevice)}  ${board}`);
              subsystems.set(key, board);
            }
          }
        });
        const names = namesOf(text.join('\n'));
        for (const vendor of [...all, otherVendor]) {
          assert.equal(names.vendor(vendor), vendors[vendor]);
          for (const device of [...entries.map(([, one]) => one), otherDevice]) {
            const own = devices.get(`${vendor} ${device}`);
            assert.equal(names.device(vendor, device), own);
            for (const [subVendor, subDevice] of entries.flatMap(([, , boards]) => boards)) {
              const board = subsystems.get(`${vendor} ${device} ${subVendor} ${subDevice}`);
              const itself = subVendor === vendor && subDevice === device ? own : undefined;
              assert.equal(names.subsystem(vendor, device, subVendor, subDevice), board ?? itself);
            }
          }
        }
        assert.equal(names.about.counts.devices, devices.size);
        assert.equal(names.about.counts.subsystems, subsystems.size);
      }),
      { numRuns: 100 },
    );
  });

  test('does not depend on the order of the text', () => {
    const bytes = (text: string) => writeIndex(parseIdsText(text));
    assert.deepEqual(bytes('0001  A\n\t0002  B\n0003  C'), bytes('0003  C\n0001  A\n\t0002  B'));
  });

  test('bytes that are none, or a part of one, are refused or read within their bounds', async () => {
    const whole = writeIndex(parseIdsText('1234  A\n\t0001  B\n\t\t1234 0001  C\nC 01  D'));
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => new IndexedNames(whole.slice(0, length)), IdsIndexError);
    await checkProperty(
      'names: a damaged index of pci.ids never reads past its end',
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (damage) => {
          const bytes = whole.slice();
          for (const [at, value] of damage) bytes[at] = value;
          let names: IndexedNames;
          try {
            names = new IndexedNames(bytes);
          } catch (error) {
            assert.ok(error instanceof IdsIndexError, String(error));
            return;
          }
          // What was taken for an index is never why a machine cannot be looked at, nor commands a terminal.
          const told = [names.vendor(0x1234), names.subsystem(0x1234, 1, 0x1234, 1), names.baseClass(1)];
          for (const name of told) assert.doesNotMatch(name ?? '', /\p{Cc}/u);
          const { version, date, notice } = names.about;
          assert.doesNotMatch(`${version}${date}${notice}`, /[^\P{Cc}\n]/u);
        },
      ),
      { numRuns: 500 },
    );
  });
});
