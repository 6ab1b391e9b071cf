/** Vital product data decoded, whole and broken, and how many bytes of it have to be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeVpd, vpdBytesNeeded, type DecodedVpd } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

function bytesOf(...parts: (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : [part])),
  );
}

const NAME = [0x82, 2, 0, 'OK'];

function codes({ findings }: DecodedVpd): string[] {
  return findings.map(({ code }) => code);
}

test('resources and fields are where they stand', () => {
  const decoded = decodeVpd(
    bytesOf(...NAME, 0x91, 13, 0, 'V1', 2, 'ab', 'CP', 0, 'RW', 2, 0, 0, 0x78, 'rest'),
  );
  assert.deepEqual(codes(decoded), []);
  assert.equal(decoded.length, 22);
  const [name, list] = decoded.resources;
  assert.deepEqual(name, { kind: 'name', offset: 0, bytes: bytesOf('OK') });
  assert.ok(list?.kind === 'read_write');
  assert.deepEqual(
    list.fields.map(({ keyword, title, kind, offset, length }) => [keyword, title, kind, offset, length]),
    [
      ['V1', 'Vendor specific', 'text', 11, 2],
      ['CP', 'Extended capability', 'binary', 16, 0],
      ['RW', 'Remaining read/write area', 'free', 19, 2],
    ],
  );
});

test('what is broken is a finding', () => {
  for (const [what, bytes, expected] of [
    ['nothing', bytesOf(), ['VPD_END_MISSING']],
    ['no end', bytesOf(...NAME), ['VPD_END_MISSING']],
    ['all ones', bytesOf(0xff, 0xff, 0xff, 0xff), ['VPD_END_MISSING']],
    ['an unknown resource', bytesOf(...NAME, 0x22, 0, 0), ['VPD_RESOURCE_UNKNOWN']],
    ['a cut name', bytesOf(0x82, 9, 0, 'OK'), ['VPD_RESOURCE_CUT', 'VPD_END_MISSING']],
    ['a field longer than its list', bytesOf(0x90, 4, 0, 'PN', 9, 'a', 0x78), ['VPD_FIELD_CUT']],
    ['a list that ends in a head', bytesOf(0x90, 2, 0, 'PN', 0x78), ['VPD_FIELD_CUT']],
    ['a wrong checksum', bytesOf(0x90, 4, 0, 'RV', 1, 1, 0x78), ['VPD_CHECKSUM_WRONG']],
    ['an empty checksum', bytesOf(0x90, 3, 0, 'RV', 0, 0x78), ['VPD_CHECKSUM_WRONG']],
  ] as const)
    assert.deepEqual(codes(decodeVpd(bytes)), expected, what);
});

test('whoever reads piece by piece reads what a whole read would decode', async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((body) => [0x82, body.length, 0, ...body]),
    fc.uint8Array({ maxLength: 20 }).map((body) => [0x90, body.length, 0, ...body]),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]),
    fc.constant([0x78]),
  );
  await checkProperty(
    'vpd: bytes needed are the bytes decoded',
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const all = Uint8Array.from(parts.flat());
      let read = 0;
      for (let needed = vpdBytesNeeded(all.subarray(0, 0)); read < Math.min(needed, all.length);) {
        read = Math.min(needed, all.length);
        needed = vpdBytesNeeded(all.subarray(0, read));
      }
      assert.deepEqual(decodeVpd(all.subarray(0, read)), decodeVpd(all));
    }),
  );
});
