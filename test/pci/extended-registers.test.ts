/** Registers of the extended list that are there only for some functions, or as often as the capability's own bytes say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesReader, decodeFunction, ExtendedCapabilityId as Id } from '../../src/pci/index.js';

const [ENDPOINT, ROOT_PORT, EVENT_COLLECTOR, DOWNSTREAM] = [0, 4, 10, 6];

/** A function with an Express capability of that type and width, and one extended capability of these dwords. */
function registersOf(
  id: number,
  dwords: readonly number[],
  { portType = ENDPOINT, lanes = 0, version = 1 } = {},
): ReadonlyMap<string, number> {
  const words = new Uint32Array(1024);
  words.set([0x12348086, 0x00100000]);
  words[0x34 / 4] = 0x40;
  words.set([0x10 | ((2 | (portType << 4)) << 16), 0, 0, lanes << 4], 0x40 / 4);
  words.set([id | (version << 16), ...dwords], 0x100 / 4);
  const { capabilities } = decodeFunction(bytesReader(new Uint8Array(words.buffer)));
  const registers = capabilities.find(({ list }) => list === 'extended')?.registers ?? [];
  return new Map(registers.map(({ name, offset }) => [name, offset - 0x100]));
}

const places = (registers: ReadonlyMap<string, number>, name: string) =>
  [...registers].filter(([register]) => register.startsWith(`${name}[`)).map(([, offset]) => offset);

test('only what errors are sent to has root registers', () => {
  for (const portType of [ROOT_PORT, EVENT_COLLECTOR])
    assert.equal(registersOf(Id.aer, [], { portType }).get('aer.root_status'), 0x30);
  assert.equal(registersOf(Id.aer, [], { portType: DOWNSTREAM }).has('aer.root_status'), false);
});

test('the log of prefixes is there once a TLP with some was logged', () => {
  assert.deepEqual(places(registersOf(Id.aer, []), 'aer.prefix'), []);
  const logged = registersOf(Id.aer, [0, 0, 0, 0, 0, 1 << 11]);
  assert.deepEqual(places(logged, 'aer.prefix'), [0x38, 0x3c, 0x40, 0x44]);
});

test('each channel has its registers, and the arbitration table stands where it is said to', () => {
  // Three channels; 32 phases of arbitration, whose table is at 5 * 16.
  const registers = registersOf(Id.vc, [2, 0x0500_0002]);
  assert.deepEqual(places(registers, 'vc.cap'), [0x10, 0x1c, 0x28]);
  assert.deepEqual(places(registers, 'vc.status'), [0x1a, 0x26, 0x32]);
  assert.deepEqual(places(registers, 'vc.arbitration_table'), [0x50, 0x54, 0x58, 0x5c]);
});

test('a vector and a table have the size that the capability tells', () => {
  const cases: readonly (readonly [id: number, dwords: readonly number[], name: string, count: number])[] = [
    [Id.acs, [0x2020], 'acs.egress', 1],
    [Id.acs, [0x0020], 'acs.egress', 8],
    [Id.acs, [0x2000], 'acs.egress', 0],
    [Id.tph, [(1 << 9) | (3 << 16)], 'tph.st', 4],
    [Id.tph, [(2 << 9) | (3 << 16)], 'tph.st', 0],
    [Id.dpa, [7], 'dpa.power', 8],
    [Id.rcLink, [0x200], 'rc_link.address', 2],
    [Id.pmux, [3], 'pmux.protocol', 3],
    [Id.dpc, [0x0720], 'dpc.pio_prefix', 2],
  ];
  for (const [id, dwords, name, count] of cases)
    assert.equal(places(registersOf(id, dwords), name).length, count, name);
});

test('a link has equalization of each of its lanes', () => {
  for (const lanes of [0, 1, 2, 16]) {
    const registers = registersOf(Id.secondary, [], { lanes });
    assert.equal(places(registers, 'secondary.lane').length, lanes);
  }
  assert.equal(registersOf(Id.secondary, [], { lanes: 2 }).get('secondary.lane[1]'), 0x0e);
});

test('registers of later versions, of ports and of root ports are theirs alone', () => {
  assert.equal(registersOf(Id.rcec, [], { version: 1 }).has('rcec.buses'), false);
  assert.equal(registersOf(Id.rcec, [], { version: 2 }).get('rcec.buses'), 8);
  assert.equal(registersOf(Id.multicast, []).has('multicast.overlay'), false);
  assert.equal(registersOf(Id.multicast, [], { portType: DOWNSTREAM }).get('multicast.overlay'), 0x28);
  assert.equal(registersOf(Id.dpc, [0]).has('dpc.pio_status'), false);
  assert.equal(registersOf(Id.dpc, [0x20]).get('dpc.pio_status'), 0x0c);
  assert.equal(registersOf(Id.l1ss, [0]).has('l1ss.status'), false);
  assert.equal(registersOf(Id.l1ss, [0x20]).get('l1ss.status'), 0x10);
});
