/** A PCI_SPEC_STRING as xl reads it: by a table of what libxlu said. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readSpecAsXl } from '../../src/boot/index.js';
import { notations, OpenslotError } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

/** What libxlu fills in, where it is not the default; `mask` is all ones for `*`, and 0 where only a name is given. */
interface Recorded {
  readonly text: string;
  readonly refused?: string;
  readonly bdf?: string;
  readonly vdevfn?: number;
  readonly mask?: number;
  readonly permissive?: number;
  readonly msitranslate?: number;
  readonly seize?: number;
  readonly power_mgmt?: number;
  readonly rdm?: number;
  readonly name?: string;
}

/** Answers of libxlu 4.17 (Debian 12), by xlu_pci_parse_spec_string. */
const RECORDED = readFileSync(
  new URL('../../../test/boot/recordings/libxlu-pci-4.17.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Recorded);

/** In libxlu's terms. */
function asRecorded(text: string): Recorded {
  const { reading } = readSpecAsXl(text);
  if (reading === undefined) return { text, refused: '' };
  const { address, all, name, virtualSlot, flags, relaxed } = reading;
  return {
    text,
    bdf: address ?? '0000:00:00.0',
    ...(virtualSlot === 0 ? {} : { vdevfn: virtualSlot << 3 }),
    ...(name !== undefined ? { mask: 0, name } : all ? { mask: 0xffff_ffff } : {}),
    ...Object.fromEntries([...flags].filter(([, value]) => value).map(([flag]) => [flag, 1])),
    ...(relaxed === undefined ? {} : { rdm: relaxed ? 1 : 0 }),
  };
}

describe('a specification', () => {
  test('means what it means to libxlu', (context) => {
    for (const recorded of RECORDED) {
      const expected = recorded.refused === undefined ? recorded : { text: recorded.text, refused: '' };
      assert.deepEqual(asRecorded(recorded.text), expected, JSON.stringify(recorded.text));
    }
    const taken = RECORDED.filter(({ refused }) => refused === undefined).length;
    context.diagnostic(`${taken} specifications taken, ${RECORDED.length - taken} refused`);
    assert.ok(taken > 50 && RECORDED.length - taken > 50);
  });

  test('that openslot takes is one that xl takes for the same, without a remark of error', () =>
    checkProperty(
      'xl: specifications of openslot as xl reads them',
      fc.property(
        fc.record({
          bus: fc.nat(0xff),
          device: fc.nat(0x1f),
          fn: fc.constantFrom('0', '7', '*'),
          slot: fc.option(fc.integer({ min: 1, max: 31 })),
          options: fc.uniqueArray(
            fc.constantFrom('seize=1', 'permissive=0', 'msitranslate=', 'power_mgmt=1', 'rdm_policy=relaxed'),
          ),
        }),
        ({ bus, device, fn, slot, options }) => {
          const hex = (value: number) => value.toString(16).padStart(2, '0');
          const at = slot === null ? '' : `@${hex(slot)}`;
          const text = [`${hex(bus)}:${hex(device)}.${fn}${at}`, ...options].join(',');
          const { target, seize, virtualSlot } = notations.xlSpec.parse(text);
          const { reading, remarks } = readSpecAsXl(text);
          assert.deepEqual(remarks, []);
          assert.ok(target.kind !== 'name');
          assert.equal(reading?.address, String(target.address));
          assert.equal(reading.all, target.kind === 'device');
          assert.equal(reading.virtualSlot, virtualSlot ?? 0);
          assert.equal(reading.flags.get('seize') ?? false, seize);
        },
      ),
    ));

  test('that xl refuses openslot refuses too', () =>
    checkProperty(
      'xl: what it refuses',
      fc.property(
        fc
          .array(
            fc.constantFrom(
              '0a:00.0',
              '0a:',
              '00.',
              '0',
              '*',
              ',',
              '@',
              '=',
              'bdf',
              'name',
              'seize',
              'vslot',
              '5',
              ' ',
            ),
            { maxLength: 8 },
          )
          .map((parts) => parts.join('')),
        (text) => {
          const { reading, remarks } = readSpecAsXl(text);
          for (const { start, end } of remarks) assert.ok(0 <= start && start <= end && end <= text.length);
          // The one form that xl refuses against its manual.
          if (reading !== undefined || remarks.some(({ rule }) => rule === 'SLOT_MALFORMED')) return;
          assert.throws(() => notations.xlSpec.parse(text), OpenslotError);
        },
      ),
    ));
});
