/** Redaction: serial numbers are gone, equal ones stay equal, and all else is as it was. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { redactCapture, parseDump } from '../../../src/machines/capture/index.js';
import type { Capture } from '../../../src/function/index.js';

/** Configuration space with a device serial number behind another capability. */
function space(serial: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x1572_8086, true);
  view.setUint32(0x100, 0x1501_0001, true);
  view.setUint32(0x150, 0x0001_0003, true);
  bytes.set(serial, 0x154);
  return bytes;
}

function captured(
  functions: readonly { readonly config?: Uint8Array; readonly vpd?: Uint8Array }[],
): Capture {
  const [empty] = parseDump('00:00.0 x\n').functions;
  assert.ok(empty !== undefined);
  const capture = parseDump(functions.map((_, index) => `00:0${index}.0 x\n`).join(''));
  return {
    ...capture,
    functions: capture.functions.map((fn, index) => ({ ...fn, ...functions[index] })),
  };
}

const field = (keyword: string, data: string) => [...Buffer.from(keyword), data.length, ...Buffer.from(data)];
const list = (tag: number, bytes: readonly number[]) => [
  tag,
  bytes.length & 0xff,
  bytes.length >> 8,
  ...bytes,
];
const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

/** With a checksum that is right, before what may be written. */
function productData(serial: string): Uint8Array {
  const fixed = [...field('PN', 'X710-DA4'), ...field('SN', serial), ...field('V0', 'site 7')];
  const head = [
    ...list(0x82, [...Buffer.from('A card')]),
    0x90,
    fixed.length + 4,
    0,
    ...fixed,
    ...field('RV', ' '),
  ];
  const bytes = Uint8Array.from(head);
  bytes[bytes.length - 1] = 0;
  bytes[bytes.length - 1] = -sum(bytes);
  return Uint8Array.from([...bytes, ...list(0x91, field('YA', 'asset 12')), 0x78, ...Buffer.from('1234')]);
}

describe('redaction', () => {
  test('numbers device serial numbers by their first appearance, and changes no other byte', () => {
    const [first, second] = [
      [1, 2, 3, 0xff, 0xff, 6, 7, 8],
      [9, 9, 9, 0xff, 0xff, 9, 9, 9],
    ];
    const before = captured([{ config: space(first) }, { config: space(second) }, { config: space(first) }]);
    const { capture, removed } = redactCapture(before);
    assert.deepEqual(
      capture.functions.map(({ config }) => config),
      [space([1, 0, 0, 0, 0, 0, 0, 0]), space([2, 0, 0, 0, 0, 0, 0, 0]), space([1, 0, 0, 0, 0, 0, 0, 0])],
    );
    assert.deepEqual(removed, [
      '0000:00:00.0: device serial number',
      '0000:00:01.0: device serial number',
      '0000:00:02.0: device serial number',
    ]);
    assert.deepEqual(before.functions[0]?.config, space(first), 'the capture itself stays');
  });

  test('leaves numbers that were never written, and spaces without one', () => {
    const spaces = [space(Array<number>(8).fill(0)), space(Array<number>(8).fill(0xff)), new Uint8Array(64)];
    const before = captured(spaces.map((config) => ({ config })));
    assert.deepEqual(redactCapture(before), { capture: before, removed: [] });
  });

  test('takes as much of a number as was read', () => {
    const cut = space([1, 2, 3, 4, 5, 6, 7, 8]).slice(0, 0x158);
    const [fn] = redactCapture(captured([{ config: cut }])).capture.functions;
    assert.equal(fn?.config.length, 0x158);
    assert.deepEqual([...(fn?.config.slice(0x154) ?? [])], [1, 0, 0, 0]);
  });

  test('overwrites serial, vendor’s and owner’s fields of product data, and its checksum stays right', () => {
    const { capture, removed } = redactCapture(captured([{ vpd: productData('S0123456') }]));
    const vpd = capture.functions[0]?.vpd;
    assert.ok(vpd !== undefined);
    const text = Buffer.from(vpd).toString('latin1');
    assert.match(text, /A card.*PN.X710-DA4SN.X{8}V0.X{6}RV..*YA.X{8}x$/s);
    assert.equal(sum(vpd.subarray(0, text.indexOf('RV') + 4)), 0);
    assert.deepEqual(removed, ['0000:00:00.0: vital product data: SN, V0, YA']);
    const [other] = redactCapture(captured([{ vpd: productData('S9999999') }])).capture.functions;
    assert.deepEqual(other?.vpd, vpd, 'nothing of the number is left, not in the checksum either');
  });

  for (const [what, vpd] of [
    ['a length past the end', Uint8Array.of(0x90, 0xff, 0, 1)],
    ['a field longer than its list', Uint8Array.from([...list(0x90, [0x53, 0x4e, 9, 0x31]), 0x78])],
    ['another tag', Uint8Array.of(0x11, 1, 0, 0)],
  ] as const)
    test(`keeps nothing of product data that cannot be read: ${what}`, () => {
      const { capture, removed } = redactCapture(captured([{ vpd }]));
      assert.equal(capture.functions[0]?.vpd, undefined);
      assert.deepEqual(removed, ['0000:00:00.0: vital product data: all of it']);
    });

  const SERIAL = [0xd1, 0xe2, 0xf3, 0xff, 0xfe, 0x46, 0x57, 0x68];
  const findable = (bytes: Uint8Array) =>
    [SERIAL, SERIAL.toReversed()].some((order) => Buffer.from(bytes).includes(Buffer.from(order)));

  test('finds copies of a number, in either order of bytes, in any function', () => {
    const own = space(SERIAL);
    own.set(SERIAL, 0x801);
    const other = new Uint8Array(256).fill(7);
    other.set(SERIAL.toReversed(), 0x9c);
    const { capture, removed } = redactCapture(captured([{ config: other }, { config: own }]));
    for (const { config } of capture.functions) assert.ok(!findable(config));
    assert.deepEqual(removed, [
      '0000:00:00.0: a copy of a device serial number',
      '0000:00:01.0: device serial number',
      '0000:00:01.0: a copy of a device serial number',
    ]);
  });

  test('finds a number behind the place where the list is broken', () => {
    const config = space(SERIAL);
    config.fill(0xff, 0x100, 0x104);
    new DataView(config.buffer).setUint32(0x100, 0x2001_0001, true);
    config.fill(0xff, 0x200, 0x204);
    const [fn] = redactCapture(captured([{ config }])).capture.functions;
    assert.ok(fn !== undefined && !findable(fn.config));
  });

  test('empties the register that still has what was read last of product data', () => {
    const config = new Uint8Array(256);
    config.set([0x86, 0x80, 0, 0, 0, 0, 0x10, 0]);
    config[0x34] = 0x40;
    config.set([3, 0, 0x08, 0x80, ...Buffer.from('S012')], 0x40);
    const { capture, removed } = redactCapture(captured([{ config }]));
    const after = config.slice();
    after.fill(0, 0x44, 0x48);
    assert.deepEqual(capture.functions[0]?.config, after);
    assert.deepEqual(removed, ['0000:00:00.0: vital product data: what was read last']);
  });

  test('overwrites fields that it does not know, and network addresses, and the room behind the checksum', () => {
    const fields = [
      ...field('NA', '001122334455'),
      ...field('Z3', 'S99'),
      ...field('QQ', 'S98'),
      ...field('PN', 'part'),
    ];
    const sumAt = 3 + fields.length + 3;
    const vpd = Uint8Array.from([...list(0x90, [...fields, ...field('RV', ' S97')]), 0x78]);
    vpd[sumAt] = 0;
    vpd[sumAt] = -sum(vpd.subarray(0, sumAt));
    const { capture, removed } = redactCapture(captured([{ vpd }]));
    const text = Buffer.from(capture.functions[0]?.vpd ?? []).toString('latin1');
    assert.match(text, /NA.X{12}Z3.X{3}QQ.X{3}PN.partRV..\0{3}x$/s);
    assert.equal(sum(Buffer.from(text, 'latin1').subarray(0, sumAt + 1)), 0);
    assert.deepEqual(removed, ['0000:00:00.0: vital product data: NA, Z3, QQ']);
  });

  test('does not say what the machine was opened with', () => {
    const machine = 'qemu:-device nvme,serial=S0123456';
    const { capture, removed } = redactCapture({ ...captured([]), machine });
    assert.equal(capture.machine, 'qemu');
    assert.deepEqual(removed, ["the machine's name: what it was opened with"]);
  });
});
