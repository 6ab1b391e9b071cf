/** lspci's words for the standard capability list, beside what lspci itself printed for the same spaces. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lspciText, PLAIN } from '../../../src/look/lspci/index.js';
import { CapabilityId, type PciNames } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { madeFunction } from '../made-function.js';

interface Vectors {
  readonly version: string;
  readonly vectors: readonly Vector[];
}

/** A space with one capability at 0x40, and the lines that `lspci -F … -n -vvv` printed of it. */
interface Vector {
  readonly what: string;
  /** Hexadecimal. */
  readonly space: string;
  readonly function?: number;
  readonly text: readonly string[];
}

const { version, vectors } = JSON.parse(
  readFileSync(new URL('../../../../test/look/lspci/standard-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const NO_NAMES: PciNames = {
  vendor: () => undefined,
  device: () => undefined,
  subsystem: () => undefined,
  baseClass: () => undefined,
  subclass: () => undefined,
  programmingInterface: () => undefined,
};

/** What stands behind `Capabilities: [40] ` and below, as lines. */
function linesOf(config: Uint8Array, verbosity: number, fn = 0, vpd?: Uint8Array): readonly string[] {
  const captured = madeFunction(`00:00.${fn}`, config, { vpd, regions: undefined });
  const capture = { machine: 'made up', taken: undefined, functions: [captured] };
  const text = lspciText(capture, NO_NAMES, { ...PLAIN, ids: 'numbers', verbosity });
  const tag = '\tCapabilities: [40] ';
  const start = text.indexOf(tag);
  assert.ok(start >= 0, text);
  // A blank line ends each function.
  return text
    .slice(start + tag.length, -1)
    .split('\n')
    .slice(0, -1);
}

describe(`as ${version} prints it`, () => {
  for (const { what, space, function: fn, text } of vectors)
    test(what, () => {
      const config = Buffer.from(space, 'hex');
      assert.deepEqual(linesOf(config, 3, fn), text);
      assert.equal(linesOf(config, 1, fn).length, Math.min(text.length, 1));
    });
});

test('every id of the list is among them, but the one whose data is behind a window', () => {
  const shown = new Set(vectors.map(({ space }) => Buffer.from(space, 'hex')[0x40]));
  const missing = Object.values(CapabilityId).filter((id) => !shown.has(id));
  assert.deepEqual(missing, [CapabilityId.vpd]);
});

test('any bytes of any length have a text, and entries that are shorter than they say too', async () => {
  await checkProperty(
    'lspci: any bytes of a standard capability have a text',
    fc.property(
      fc.constantFrom(...Object.values(CapabilityId)),
      fc.constantFrom(0, 1, 2),
      fc.uint8Array({ minLength: 2, maxLength: 190 }),
      (id, layout, body) => {
        const config = new Uint8Array(Math.max(0x42 + body.length, 0x80));
        config.set([0x86, 0x80, 0x34, 0x12, 0, 0, 0x10, 0]);
        config[0x0e] = layout;
        config[layout === 2 ? 0x14 : 0x34] = 0x40;
        config[0x40] = id;
        config.set(body, 0x42);
        const lines = linesOf(config, 3);
        for (const line of lines.slice(1)) assert.match(line, /^\t\t/);
      },
    ),
    { numRuns: 300 },
  );
});

const CARD = [
  [0x82, 6, 0, ...Buffer.from('Widget')],
  [0x90, 15, 0, ...Buffer.from('PN\x03a\\b'), ...Buffer.from('SN\x02\x01\0'), ...Buffer.from('RV\x01')],
].flat();
const CHECKSUM = (0x100 - (CARD.reduce((sum, byte) => sum + byte, 0) & 0xff)) & 0xff;

test('vital product data', () => {
  const space = Buffer.alloc(0x48);
  space.set([0x86, 0x80, 0x34, 0x12, 0, 0, 0x10, 0]);
  space.set([0x40], 0x34);
  space.set([CapabilityId.vpd], 0x40);
  const told = (...data: number[]) => linesOf(space, 2, 0, Uint8Array.from(data)).slice(1);
  assert.deepEqual(linesOf(space, 2), ['Vital Product Data', '\t\tNot readable']);
  assert.deepEqual(told(0x82), ['\t\tNot readable']);
  const card = [
    '\t\tProduct Name: Widget',
    '\t\tRead-only fields:',
    '\t\t\t[PN] Part number: a\\\\b',
    '\t\t\t[SN] Serial number: \\x01',
    '\t\t\t[RV] Reserved: checksum good, 0 byte(s) reserved',
  ];
  assert.deepEqual(told(...CARD, CHECKSUM, 0x78), [...card, '\t\tEnd']);
  assert.deepEqual(told(...CARD, CHECKSUM), [...card, '\t\tNo end tag found']);
  assert.deepEqual(told(...CARD, CHECKSUM, 0x85, 0, 0), [
    ...card,
    '\t\tUnknown large resource type 05, will not decode more.',
  ]);
  assert.ok(told(...CARD, CHECKSUM ^ 1, 0x78).includes(card[4]?.replace('good', 'bad') ?? ''));
});
