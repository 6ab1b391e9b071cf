/** Tests of the walk along the capability lists, above all on damaged and hostile content. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesReader,
  capabilityOffsets,
  walkCapabilities,
  walkExtendedCapabilities,
} from '../../src/pci/index.js';
import type { ConfigReader } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

/** Fails the test on an access that the port would refuse: outside the size, or not aligned. */
function strictReader(bytes: Uint8Array): ConfigReader {
  const reader = bytesReader(bytes);
  return {
    size: reader.size,
    read(offset, width) {
      assert.ok(
        offset >= 0 && offset + width <= bytes.length && offset % width === 0,
        `read ${offset}/${width}`,
      );
      return reader.read(offset, width);
    },
  };
}

/** A space with the capability bit, pointer 0x34 to 0x40, and bytes set at offsets. */
function space(size: number, set: Readonly<Record<number, number>>): ConfigReader {
  const bytes = new Uint8Array(size);
  bytes[0x06] = 0x10;
  bytes[0x34] = 0x40;
  for (const [offset, value] of Object.entries(set)) bytes[Number(offset)] = value;
  return strictReader(bytes);
}

test('capabilities are found by id, and of two with one id the first', () => {
  const offsets = capabilityOffsets(space(256, { 0x40: 9, 0x41: 0x80, 0x80: 5, 0x81: 0x50, 0x50: 9 }));
  assert.deepEqual(
    [...offsets],
    [
      [9, 0x40],
      [5, 0x80],
    ],
  );
});

test('walks a list in its order', () => {
  const walk = walkCapabilities(space(256, { 0x40: 1, 0x41: 0x83, 0x80: 5, 0x81: 0x50, 0x50: 0x10 }));
  assert.deepEqual(walk, {
    entries: [
      { id: 1, offset: 0x40 },
      { id: 5, offset: 0x80 },
      { id: 0x10, offset: 0x50 },
    ],
    findings: [],
  });
});

test('no list without the status bit; CardBus has its pointer elsewhere', () => {
  assert.deepEqual(walkCapabilities(space(256, { 0x06: 0, 0x40: 1 })), { entries: [], findings: [] });
  const cardbus = walkCapabilities(space(256, { 0x0e: 0x82, 0x14: 0x48, 0x34: 0, 0x48: 1 }));
  assert.deepEqual(cardbus.entries, [{ id: 1, offset: 0x48 }]);
});

test('damage is a finding', () => {
  const finding = (reader: ConfigReader) => walkCapabilities(reader).findings;
  const list = 'standard';
  assert.deepEqual(finding(space(256, { 0x40: 1, 0x41: 0x40 })), [
    { code: 'CAPABILITY_LOOP', list, from: 0x40, offset: 0x40 },
  ]);
  assert.deepEqual(finding(space(256, { 0x40: 0xff, 0x41: 0xff })), [
    { code: 'CAPABILITY_BROKEN', list, from: 0x34, offset: 0x40 },
  ]);
  assert.deepEqual(finding(space(256, { 0x40: 1, 0x41: 0x3c })), [
    { code: 'CAPABILITY_IN_HEADER', list, from: 0x40, offset: 0x3c },
  ]);
  assert.deepEqual(finding(space(64, {})), [
    { code: 'CAPABILITY_UNREADABLE', list, from: 0x34, offset: 0x40 },
  ]);
  assert.deepEqual(finding(space(16, {})), [
    { code: 'CAPABILITY_UNREADABLE', list, from: 0x34, offset: 0x34 },
  ]);
});

function extended(headers: Readonly<Record<number, number>>, size = 4096): ConfigReader {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [offset, header] of Object.entries(headers)) view.setUint32(Number(offset), header, true);
  return strictReader(bytes);
}

test('the extended list', () => {
  const walk = walkExtendedCapabilities(extended({ 0x100: 0x14020001, 0x140: 0x00010003 }));
  assert.deepEqual(walk.entries, [
    { id: 1, version: 2, offset: 0x100 },
    { id: 3, version: 1, offset: 0x140 },
  ]);
  assert.deepEqual(walk.findings, []);
  const none = { entries: [], findings: [] };
  assert.deepEqual(walkExtendedCapabilities(extended({})), none);
  assert.deepEqual(walkExtendedCapabilities(extended({ 0x100: 0xffffffff })), none);
  assert.deepEqual(walkExtendedCapabilities(space(256, {})), none);
  const code = (reader: ConfigReader) =>
    walkExtendedCapabilities(reader).findings.map((finding) => finding.code);
  assert.deepEqual(code(extended({ 0x100: 0x10010001 })), ['CAPABILITY_LOOP']);
  assert.deepEqual(code(extended({ 0x100: 0x14010001, 0x140: 0xffffffff })), ['CAPABILITY_BROKEN']);
  assert.deepEqual(code(extended({ 0x100: 0x04010001 })), ['CAPABILITY_IN_HEADER']);
  assert.deepEqual(code(extended({ 0x100: 0x20010001 }, 0x200)), ['CAPABILITY_UNREADABLE']);
});

for (const size of [256, 4096]) {
  test(`ends on any ${size} bytes, and visits no offset twice`, async () => {
    // Few different bytes make long lists and loops likely.
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x40, 0x44, 0x48, 0x50, 0xfc, 0x10, 0xff));
    await checkProperty(
      `capabilities: a walk over any ${size} bytes ends`,
      fc.property(fc.array(byte, { minLength: size, maxLength: size, size: 'max' }), (content) => {
        const bytes = Uint8Array.from(content);
        bytes[0x06] = (bytes[0x06] ?? 0) | 0x10;
        for (const walk of [
          walkCapabilities(strictReader(bytes)),
          walkExtendedCapabilities(strictReader(bytes)),
        ]) {
          const offsets = walk.entries.map((entry) => entry.offset);
          assert.equal(new Set(offsets).size, offsets.length);
          assert.ok(walk.findings.length <= 1);
        }
      }),
      { numRuns: size === 256 ? 300 : 40 },
    );
  });
}
