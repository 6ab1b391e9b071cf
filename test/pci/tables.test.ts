/** Tests of the register tables themselves: every table passes the checker, and planted faults are found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesReader, checkTable, fieldOf, fields, tables, withField } from '../../src/pci/index.js';
import type { Field, Register, RegisterTable, TableFinding } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const { bits, flag, register, repeated, values, whole } = fields;

/** Variants hang on the word after the list entry: versions, port types and option bits are in its low 11 bits. */
const samples = Array.from({ length: 0x800 }, (_, word) =>
  bytesReader(Uint8Array.of(0, 0, word & 0xff, word >> 8)),
);

for (const table of tables) {
  test(`${table.name} (${table.title}) has no fault`, () => assert.deepEqual(checkTable(table, samples), []));
}

test('names of capability tables are their own', () => {
  const names = tables.map((table) => table.name).filter((name) => name !== 'header');
  assert.equal(new Set(names).size, names.length);
});

function codes(registers: Register[], name = 'planted'): TableFinding['code'][] {
  const table: RegisterTable = { name, title: 'Planted', source: 'none', registers };
  return checkTable(table, samples).map((finding) => finding.code);
}

function one(...list: Field[]): Register[] {
  return [register(0, 2, 'reg', 'Register', list)];
}

test('planted faults are found', () => {
  const odd = (bytes: { read(offset: number, width: 1): number }) => (bytes.read(2, 1) & 1) === 1;
  const even = (bytes: { read(offset: number, width: 1): number }) => (bytes.read(2, 1) & 1) === 0;
  const cases: [string, TableFinding['code'][], TableFinding['code'][]][] = [
    ['good', codes(one(flag(0, 'a', 'A'), bits(15, 8, 'b', 'B'))), []],
    ['field overlap', codes(one(bits(3, 0, 'a', 'A'), flag(3, 'b', 'B'))), ['TABLE_FIELD_OVERLAP']],
    ['field outside', codes(one(bits(16, 8, 'a', 'A'))), ['TABLE_FIELD_OUTSIDE']],
    ['field upside down', codes(one(bits(1, 4, 'a', 'A'))), ['TABLE_FIELD_OUTSIDE']],
    ['same field name', codes(one(flag(0, 'a', 'A'), flag(1, 'a', 'A'))), ['TABLE_NAME_DUPLICATE']],
    ['nameless field', codes(one(flag(0, '', 'A'), flag(1, 'b', 'B'))), ['TABLE_NAME_MALFORMED']],
    ['field name', codes(one(flag(0, 'Bus Master', 'A'))), ['TABLE_NAME_MALFORMED']],
    ['wide flag', codes(one({ ...flag(0, 'a', 'A'), high: 1 })), ['TABLE_FIELD_TOO_WIDE']],
    ['wide number', codes([whole(0, 8, 'reg', 'Register')]), []],
    [
      'wide field',
      codes([register(0, 8, 'reg', 'Register', [bits(53, 0, 'a', 'A')])]),
      ['TABLE_FIELD_TOO_WIDE'],
    ],
    [
      'wide address',
      codes([register(0, 8, 'reg', 'Register', [bits(52, 1, 'a', 'A', 'rw', fields.hex(2))])]),
      ['TABLE_FIELD_TOO_WIDE'],
    ],
    ['array', codes([repeated(whole(0, 4, 'a', 'A'), 4, 8), repeated(whole(4, 4, 'b', 'B'), 4, 8)]), []],
    [
      'arrays in each other',
      codes([repeated(whole(0, 4, 'a', 'A'), 4, 8), repeated(whole(8, 4, 'b', 'B'), 4, 12)]),
      ['TABLE_REGISTER_OVERLAP'],
    ],
    ['tight array', codes([repeated(whole(0, 4, 'a', 'A'), 4, 2)]), ['TABLE_REPEAT_MALFORMED']],
    ['endless array', codes([repeated(whole(0, 4, 'a', 'A'), 1e9, 4)]), ['TABLE_REPEAT_MALFORMED']],
    ['value', codes(one(bits(1, 0, 'a', 'A', 'ro', values({ 4: 'four' })))), ['TABLE_VALUE_OUTSIDE']],
    ['table name', codes([], 'Planted table'), ['TABLE_NAME_MALFORMED']],
    ['alignment', codes([whole(2, 4, 'reg', 'Register')]), ['TABLE_REGISTER_UNALIGNED']],
    ['order', codes([whole(4, 2, 'a', 'A'), whole(2, 2, 'b', 'B')]), ['TABLE_REGISTER_ORDER']],
    ['overlap', codes([whole(0, 4, 'a', 'A'), whole(2, 2, 'b', 'B')]), ['TABLE_REGISTER_OVERLAP']],
    ['same name', codes([whole(0, 2, 'a', 'A'), whole(2, 2, 'a', 'A')]), ['TABLE_NAME_DUPLICATE']],
    [
      'a conditional register on top of one that is always there',
      codes([whole(0, 4, 'a', 'A'), { ...whole(0, 4, 'b', 'B'), when: odd }]),
      ['TABLE_REGISTER_OVERLAP'],
    ],
    [
      'variants that exclude each other',
      codes([
        { ...whole(0, 4, 'a', 'A'), when: odd },
        { ...whole(0, 4, 'a', 'A'), when: even },
      ]),
      [],
    ],
    [
      'variants that do not',
      codes([
        { ...whole(0, 4, 'a', 'A'), when: odd },
        { ...whole(0, 4, 'b', 'B'), when: odd },
      ]),
      ['TABLE_REGISTER_OVERLAP'],
    ],
  ];
  for (const [what, found, expected] of cases) assert.deepEqual(found, expected, what);
});

test('a field that is written is read back, and its neighbours stay', async () => {
  const range = fc
    .tuple(fc.nat(31), fc.nat(31))
    .map(([a, b]) => ({ low: Math.min(a, b), high: Math.max(a, b) }));
  await checkProperty(
    'tables: a written field is read back alone',
    fc.property(fc.nat(0xffffffff), range, fc.nat(0xffffffff), (value, field, raw) => {
      const size = field.high - field.low + 1;
      const written = withField(value, field, raw);
      assert.equal(fieldOf(written, field), raw % 2 ** size);
      assert.equal(withField(written, field, fieldOf(value, field)), value);
    }),
  );
});
