/** xl's function specifications: every form of the manual, refusals with their position, and any text. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MalformedSpecError, notations, PciAddress, type XlSpec } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const { xlSpec } = notations;
const DEFAULTS = {
  virtualSlot: undefined,
  seize: false,
  permissive: false,
  msitranslate: false,
  powerManagement: false,
  rdmPolicy: 'strict',
} as const;
const CARD = { kind: 'function', address: new PciAddress(0, 0x36, 0, 0) } as const;

describe('parse', () => {
  const same: readonly [string, Partial<XlSpec>][] = [
    ['36:00.0', {}],
    ['0000:36:00.0', {}],
    ['bdf=36:00.0', {}],
    ['36:0.0,permissive=,vslot=,rdm_policy=', {}],
    ['36:00.0@1f', { virtualSlot: 0x1f }],
    ['36:00.0,vslot=1f', { virtualSlot: 0x1f }],
    ['vslot=1f,bdf=36:00.0', { virtualSlot: 0x1f }],
    ['36:00.0@0', { virtualSlot: 0 }],
    ['36:00.0@5,seize=1', { virtualSlot: 5, seize: true }],
    [
      '36:00.0,permissive=1,msitranslate=1,power_mgmt=1,rdm_policy=relaxed',
      {
        permissive: true,
        msitranslate: true,
        powerManagement: true,
        rdmPolicy: 'relaxed',
      },
    ],
    ['36:00.0,permissive=0,rdm_policy=strict', {}],
    ['36:00.*', { target: { kind: 'device', address: CARD.address } }],
    ['name=disk-1,vslot=3', { target: { kind: 'name', name: 'disk-1' }, virtualSlot: 3 }],
    ['name=a=b', { target: { kind: 'name', name: 'a=b' } }],
  ];
  for (const [text, expected] of same) {
    test(text, () => {
      assert.deepEqual(xlSpec.parse(text), { target: CARD, ...DEFAULTS, ...expected });
    });
  }

  /** Text, position of the fault, a part of what was expected. Marked: what xl itself lets pass. */
  const refused: readonly [string, number, RegExp][] = [
    ['', 0, /digit/],
    ['36', 2, /":"/],
    ['36:00', 5, /"\."/],
    ['36:00.8', 6, /function from 0 to 7/],
    ['36:20.0', 5, /device up to 1f/],
    ['136:00.0', 0, /bus up to ff/],
    ['12345:36:00.0', 4, /":"/],
    ['36:00.0@20', 8, /slot up to 1f/],
    ['36:00.0@', 8, /digit of the virtual slot/],
    ['36:00.0,20', 8, /one of the options/],
    ['36:00.0,frob=1', 8, /one of the options/],
    ['36:00.0,constructor=1', 8, /one of the options/],
    ['36:00.0,', 8, /one of the options/],
    ['36:00.0,seize', 13, /"="/],
    // xl: 0.
    ['36:00.0,permissive=yes', 19, /0 or 1/],
    // xl: the last one.
    ['36:00.0,seize=1,seize=0', 16, /at most once/],
    ['36:00.0@4,vslot=4', 10, /at most once/],
    ['36:00.0,bdf=36:00.0', 8, /at most once/],
    // xl: junk behind the value is ignored.
    ['bdf=36:00.0x', 11, /","/],
    ['36:00.0,vslot=4x', 15, /","/],
    // xl: scanf.
    ['0x36:00.0', 1, /":"/],
    [' 36:00.0', 0, /digit/],
    ['name=disk,bdf=36:00.0', 14, /not both/],
    ['36:00.0,name=disk', 13, /not both/],
    ['seize=1', 7, /which function/],
    ['name=', 5, /name of 1 to 64/],
    ['name=two words', 5, /name of 1 to 64/],
    ['36:00.0,rdm_policy=lax', 19, /strict or relaxed/],
  ];
  for (const [text, position, expected] of refused) {
    test(`refused: "${text}"`, () => {
      assert.throws(
        () => xlSpec.parse(text),
        (error) => {
          assert.ok(error instanceof MalformedSpecError, String(error));
          assert.equal(error.code, 'SPEC_MALFORMED');
          assert.equal(error.evidence['position'], position, error.message);
          assert.match(error.message, expected);
          return true;
        },
      );
    });
  }
});

const address = fc
  .tuple(fc.nat(0xffff), fc.nat(0xff), fc.nat(0x1f), fc.nat(7))
  .map(([domain, bus, device, fn]) => new PciAddress(domain, bus, device, fn));
const name = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 64,
});
const target: fc.Arbitrary<XlSpec['target']> = fc.oneof(
  address.map((one) => ({ kind: 'function' as const, address: one })),
  address.map(({ domain, bus, device }) => ({
    kind: 'device' as const,
    address: new PciAddress(domain, bus, device, 0),
  })),
  name.filter((text) => !text.includes(',')).map((text) => ({ kind: 'name' as const, name: text })),
);
const spec: fc.Arbitrary<XlSpec> = fc.record({
  target,
  virtualSlot: fc.option(fc.nat(0x1f), { nil: undefined }),
  seize: fc.boolean(),
  permissive: fc.boolean(),
  msitranslate: fc.boolean(),
  powerManagement: fc.boolean(),
  rdmPolicy: fc.constantFrom('strict' as const, 'relaxed' as const),
});

test('property: what it formats it parses', async () => {
  await checkProperty(
    'xl-spec: parses what it formats',
    fc.property(spec, (value) => {
      assert.deepEqual(xlSpec.parse(xlSpec.format(value)), { ...value });
    }),
  );
});

test('property: any text is a specification or SPEC_MALFORMED with a position inside of it', async () => {
  const piece = fc.constantFrom(
    ...['36:00.0', '0000:36:00.*', '@4', '@', ',', '=', 'bdf=', 'name=', 'vslot=', 'seize=1', 'permissive=0'],
    ...['rdm_policy=strict', 'msitranslate=', 'power_mgmt=2', '*', '.', ':', '1f', 'x', ' ', '\0', 'é'],
  );
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc
      .tuple(
        spec.map((value) => xlSpec.format(value)),
        fc.nat(60),
        fc.string({ maxLength: 2 }),
      )
      .map(([whole, at, extra]) => {
        return whole.slice(0, at) + extra + whole.slice(at);
      }),
  );
  await checkProperty(
    'xl-spec: any text',
    fc.property(text, (any) => {
      let parsed: XlSpec;
      try {
        parsed = xlSpec.parse(any);
      } catch (error) {
        assert.ok(error instanceof MalformedSpecError, String(error));
        const { position } = error.evidence;
        assert.ok(typeof position === 'number' && position >= 0 && position <= any.length);
        return;
      }
      assert.deepEqual(xlSpec.parse(xlSpec.format(parsed)), parsed);
    }),
    { numRuns: 3000 },
  );
});
