/** Register maps as text: they round-trip, and every fault is told with its line, its place and the nearest name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  knownMaps,
  OpenslotError,
  type Access,
  type Field,
  type FieldKind,
  type Register,
  type RegisterMap,
} from '../../src/pci/index.js';
import { parseRegisterMap, registerMapForm } from '../../src/proto/program/index.js';
import { checkProperty } from '../kept-seeds.js';

const TEXT = `{
  "name": "device",
  "space": "bar2",
  "devices": ["1af4:1110", "class:010802"],
  "registers": [
    {"name": "id", "offset": 0},
    {"name": "control", "offset": "0x04", "access": "rw", "fields": [
      {"name": "run", "bits": 0},
      {"name": "speed", "bits": "3:1", "values": ["slow", "fast"]},
      {"name": "done", "bits": "8", "access": "w1c"}
    ]},
    {"name": "doorbell", "offset": "0x10", "width": 2, "access": "wo", "count": 4, "stride": 4}
  ]
}
`;

test('a map is as short as it may be', () => {
  assert.deepEqual(parseRegisterMap(TEXT, 'device.json'), {
    name: 'device',
    title: 'device',
    source: 'device.json',
    space: 'bar2',
    devices: [{ vendor: 0x1af4, device: 0x1110 }, { classCode: 0x010802 }],
    registers: [
      {
        name: 'id',
        title: 'id',
        offset: 0,
        width: 4,
        fields: [{ name: '', title: 'id', high: 31, low: 0, access: 'ro', show: { kind: 'hex' } }],
      },
      {
        name: 'control',
        title: 'control',
        offset: 4,
        width: 4,
        fields: [
          { name: 'run', title: 'run', low: 0, high: 0, access: 'rw', show: { kind: 'flag' } },
          {
            name: 'speed',
            title: 'speed',
            low: 1,
            high: 3,
            access: 'rw',
            show: { kind: 'values', values: { 0: 'slow', 1: 'fast' } },
          },
          { name: 'done', title: 'done', low: 8, high: 8, access: 'w1c', show: { kind: 'flag' } },
        ],
      },
      {
        name: 'doorbell',
        title: 'doorbell',
        offset: 16,
        width: 2,
        fields: [{ name: '', title: 'doorbell', high: 15, low: 0, access: 'wo', show: { kind: 'hex' } }],
        repeat: { count: 4, stride: 4 },
      },
    ],
  } satisfies RegisterMap);
});

describe('a fault is told with its place', () => {
  const cases: [what: string, from: string, to: string, code: string, message: RegExp, next: RegExp][] = [
    [
      'a wrong key',
      '"access": "rw"',
      '"acess": "rw"',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:7: registers\[1\]\.acess: nothing has this name here/,
      /did you mean access/,
    ],
    [
      'a wrong field key',
      '"bits": 0',
      '"bit": 0',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:8: registers\[1\]\.fields\[0\]/,
      /bits/,
    ],
    [
      'a wrong access',
      '"w1c"',
      '"w1"',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:10: registers\[1\]\.fields\[2\]\.access: expected ro, rw, w1c/,
      /did you mean w1c/,
    ],
    ['a wrong space', '"bar2"', '"bar6"', 'REGISTER_MAP_MALFORMED', /^d\.json:3: space/, /bar0|bar5/],
    [
      'wrong bits',
      '"3:1"',
      '"3-1"',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:9: registers\[1\]\.fields\[1\]\.bits: expected bits as "7:0"/,
      /registers\.md/,
    ],
    [
      'a wrong width',
      '"width": 2',
      '"width": 3',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:12: registers\[2\]\.width/,
      /./,
    ],
    [
      'a wrong id',
      '1af4:1110',
      '1af4',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:4: devices\[0\]: expected "VENDOR:DEVICE"/,
      /./,
    ],
    [
      'no JSON',
      '"name": "device",',
      '"name": "device"',
      'REGISTER_MAP_MALFORMED',
      /^d\.json:3: it is neither JSON nor YAML/,
      /./,
    ],
    [
      'overlapping bits',
      '"3:1"',
      '"3:0"',
      'REGISTER_MAP_UNSOUND',
      /\(d\.json:7\): device\.control\.speed and device\.control\.run have bits in common/,
      /./,
    ],
    [
      'overlapping registers',
      '"0x04"',
      '"0x10"',
      'REGISTER_MAP_UNSOUND',
      /\(d\.json:12\): device\.doorbell and device\.control overlap/,
      /./,
    ],
    [
      'out of order',
      '"offset": 0}',
      '"offset": 8}',
      'REGISTER_MAP_UNSOUND',
      /\(d\.json:7\): device\.control stands behind device\.id/,
      /./,
    ],
    [
      'too wide',
      '"8"',
      '"40"',
      'REGISTER_MAP_UNSOUND',
      /\(d\.json:7\).*bits 40:40 of a register of 32 bits/,
      /./,
    ],
    ['a name', '"run"', '"Run"', 'REGISTER_MAP_UNSOUND', /\(d\.json:7\).*small letters/, /./],
    ['a reserved name', '"run"', '"set"', 'REGISTER_MAP_UNSOUND', /cannot be named so/, /./],
    ['an endless array', '"count": 4', '"count": 1e15', 'REGISTER_MAP_UNSOUND', /repeated/, /./],
  ];
  for (const [what, from, to, code, message, next] of cases) {
    test(what, () => {
      assert.ok(TEXT.includes(from));
      assert.throws(
        () => parseRegisterMap(TEXT.replace(from, to), 'd.json'),
        (error: unknown) => {
          assert.ok(error instanceof OpenslotError);
          assert.equal(error.code, code);
          assert.match(
            error.message,
            code === 'REGISTER_MAP_UNSOUND' ? new RegExp(message.source.replace(/^\^/, '')) : message,
          );
          assert.match(error.next, next);
          return true;
        },
      );
    });
  }
});

test('the maps that come with openslot are the same after a way through JSON', () => {
  for (const map of knownMaps) assert.deepEqual(parseRegisterMap(JSON.stringify(registerMapForm(map))), map);
});

const show = (size: number): fc.Arbitrary<FieldKind> =>
  fc.oneof(
    fc.constant<FieldKind>({ kind: 'number' }),
    fc.record({
      kind: fc.constant('number' as const),
      unit: fc.string(),
      times: fc.integer({ min: 1, max: 9 }),
      plus: fc.nat(9),
    }),
    fc.record({ kind: fc.constant('hex' as const), shift: fc.nat(9) }),
    fc.record({
      kind: fc.constant('power2' as const),
      base: fc.integer({ min: 1, max: 4096 }),
      unit: fc.string(),
    }),
    fc.record({
      kind: fc.constant('values' as const),
      values: fc
        .dictionary(fc.nat(Math.min(9, 2 ** size - 1)).map(String), fc.string())
        .map((given) => ({ ...given })),
    }),
    ...(size === 1 ? [fc.constant<FieldKind>({ kind: 'flag' })] : []),
  );

const access = fc.constantFrom<Access>('ro', 'rw', 'w1c', 'rc', 'wo', 'rsvdp', 'rsvdz');

const fieldList = (width: Register['width']): fc.Arbitrary<readonly Field[]> =>
  fc
    .array(
      fc.integer({ min: 1, max: 12 }).chain((size) =>
        fc.record({
          gap: fc.nat(4),
          size: fc.constant(size),
          access,
          show: show(size),
          title: fc.string(),
          sticky: fc.option(fc.boolean(), { nil: undefined }),
        }),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => {
      const list: Field[] = [];
      let low = 0;
      for (const { gap, size, sticky, ...rest } of parts) {
        low += gap;
        if (low + size > width * 8) break;
        list.push({
          name: `f${list.length}`,
          low,
          high: low + size - 1,
          ...rest,
          ...(sticky === undefined ? {} : { sticky }),
        });
        low += size;
      }
      return list;
    })
    .filter((list) => list.length > 0);

const anyMap: fc.Arbitrary<RegisterMap> = fc
  .record({
    title: fc.string(),
    source: fc.string(),
    space: fc.constantFrom('bar0' as const, 'bar5' as const),
    devices: fc.array(
      fc.oneof(
        fc.record({ vendor: fc.nat(0xffff), device: fc.nat(0xffff) }),
        fc.record({ classCode: fc.nat(0xffffff) }),
      ),
    ),
    registers: fc.array(
      fc.constantFrom<Register['width']>(1, 2, 4, 8).chain((width) =>
        fc.record({
          width: fc.constant(width),
          gap: fc.nat(3),
          title: fc.string(),
          fields: fc.oneof(
            fieldList(width),
            access.map((kind): readonly Field[] => [
              { name: '', title: 'whole', low: 0, high: width * 8 - 1, access: kind, show: { kind: 'hex' } },
            ]),
          ),
          count: fc.constantFrom(0, 2, 5),
        }),
      ),
      { maxLength: 12 },
    ),
  })
  .map(({ registers, ...about }) => {
    let offset = 0;
    return {
      name: 'any',
      ...about,
      registers: registers.map(({ width, gap, title, fields, count }, index): Register => {
        offset = (Math.ceil(offset / width) + gap) * width;
        const at = offset;
        const stride = width * (1 + gap);
        offset += count === 0 ? width : count * stride;
        const [only] = fields;
        // A register that is one number has one title.
        const own = only?.name === '' ? [{ ...only, title }] : fields;
        const made = { name: `r${index}`, title, offset: at, width, fields: own };
        return count === 0 ? made : { ...made, repeat: { count, stride } };
      }),
    };
  });

test('a register map is the same after a way through JSON', async () => {
  await checkProperty(
    'registers: a register map is the same after a way through JSON',
    fc.property(anyMap, (map) => {
      // Generated records have no prototype; what is parsed has one.
      assert.deepEqual(parseRegisterMap(JSON.stringify(registerMapForm(map))), structuredClone(map));
    }),
  );
});

test('any text is a map or a refusal', async () => {
  await checkProperty(
    'registers: any text is a map or a refusal',
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.integer({ min: 0, max: TEXT.length }).map((length) => TEXT.slice(0, length)),
      ),
      (text) => {
        try {
          parseRegisterMap(text);
        } catch (error) {
          assert.ok(error instanceof OpenslotError, String(error));
        }
      },
    ),
  );
  assert.throws(() => parseRegisterMap('['.repeat(100_000)), /levels deep/);
  assert.throws(() => parseRegisterMap(' '.repeat(5_000_000)), /longer/);
});
