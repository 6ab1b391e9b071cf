/** Tests of tables of the extended list whose registers depend on bytes: streams, lanes, blocks, and who designated them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  bytesReader,
  capabilityNames,
  CXL_VENDOR,
  CxlDvsec,
  cxlTables,
  decodedFields,
  decodeTable,
  extendedCapabilityNames,
  extendedCapabilityTable,
  ExtendedCapabilityId,
  tables,
  type RegisterTable,
} from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

/** A capability's bytes by the offset of each dword. */
function capability(registers: Readonly<Record<number, number>>, size = 0x200): Uint8Array {
  const bytes = new Uint8Array(size);
  const words = new DataView(bytes.buffer);
  for (const [offset, value] of Object.entries(registers)) words.setUint32(Number(offset), value, true);
  return bytes;
}

/** Configuration space with an Express capability of a link of so many lanes; 0: no Express capability. */
function header(lanes: number): Uint8Array {
  return capability(
    lanes === 0 ? {} : { 0x04: 0x0010_0000, 0x34: 0x40, 0x40: 0x0002_0010, 0x4c: lanes << 4 },
    0x100,
  );
}

function tableOf(id: number, bytes: Uint8Array, lanes = 0): RegisterTable {
  const table = extendedCapabilityTable(id, {
    capability: bytesReader(bytes),
    header: bytesReader(header(lanes)),
  });
  assert.ok(table !== undefined);
  return table;
}

function offsets(table: RegisterTable, bytes: Uint8Array, register: string): number[] {
  return decodeTable(table, bytesReader(bytes))
    .filter(({ name }) => name.startsWith(`${table.name}.${register}[`))
    .map(({ offset }) => offset);
}

describe('lanes', () => {
  test('there are as many as the link has', () => {
    const bytes = capability({});
    for (const lanes of [0, 1, 4, 16, 32]) {
      const phy16 = tableOf(ExtendedCapabilityId.phy16, bytes, lanes);
      assert.deepEqual(
        offsets(phy16, bytes, 'lane'),
        Array.from({ length: lanes }, (_, lane) => 0x20 + lane),
      );
    }
    const margining = tableOf(ExtendedCapabilityId.margining, bytes, 2);
    assert.deepEqual(offsets(margining, bytes, 'lane_status'), [0x0a, 0x0e]);
  });
});

describe('resizable BARs', () => {
  test('the first entry is there whatever the number is, and never more than six', () => {
    const count = (number: number) => {
      const bytes = capability({ 8: number << 5 });
      return offsets(tableOf(ExtendedCapabilityId.rebar, bytes), bytes, 'control').length;
    };
    assert.deepEqual([0, 1, 3, 6, 7].map(count), [1, 1, 3, 6, 6]);
  });
});

describe('encryption streams', () => {
  test('stand behind each other, each as long as its address blocks make it', () => {
    // Two link streams, then two selective ones; the first has two address blocks.
    const bytes = capability({ 4: 0x0001_2003, 0x1c: 2 });
    const ide = tableOf(ExtendedCapabilityId.ide, bytes);
    assert.deepEqual(offsets(ide, bytes, 'link_control'), [0x0c, 0x14]);
    assert.deepEqual(offsets(ide, bytes, 'selective_cap'), [0x1c, 0x48]);
    assert.deepEqual(offsets(ide, bytes, 'address1'), [0x30, 0x3c]);
    assert.deepEqual(offsets(ide, bytes, 'address3'), [0x38, 0x44]);
  });

  test('never lie over each other', async () => {
    const ide = tables.find(({ name }) => name === 'ide');
    assert.ok(ide !== undefined);
    await checkProperty(
      'extended-tables: encryption streams do not overlap',
      fc.property(fc.uint8Array({ minLength: 0x80, maxLength: 0x400 }), (bytes) => {
        const places = decodeTable(ide, bytesReader(bytes))
          .map(({ offset, width }) => [offset, offset + width] as const)
          .sort(([a], [b]) => a - b);
        places.slice(1).forEach(([start], index) => {
          const end = places[index]?.[1] ?? 0;
          assert.ok(start >= end, `0x${start.toString(16)} lies before 0x${end.toString(16)}`);
        });
      }),
    );
  });
});

describe('designated vendor-specific capabilities', () => {
  test('CXL’s have a table each, those of others and unknown ones their headers', () => {
    const name = (vendor: number, id: number) =>
      tableOf(ExtendedCapabilityId.dvsec, capability({ 4: vendor, 8: id })).name;
    const found = Object.values(CxlDvsec).map((id) => name(CXL_VENDOR, id));
    assert.deepEqual(
      found,
      cxlTables.map((table) => table.name),
    );
    assert.equal(name(CXL_VENDOR, 1), 'dvsec');
    assert.equal(name(0x8086, CxlDvsec.device), 'dvsec');
  });

  test('registers of later revisions are there by the length', () => {
    const names = (length: number) => {
      const bytes = capability({ 4: (length << 20) | CXL_VENDOR, 8: CxlDvsec.flexBus });
      const table = tableOf(ExtendedCapabilityId.dvsec, bytes);
      return decodeTable(table, bytesReader(bytes)).map((register) => register.name);
    };
    assert.ok(!names(0x10).includes('cxl_flex_bus.modified_ts'));
    assert.ok(names(0x14).includes('cxl_flex_bus.modified_ts'));
    assert.ok(names(0x20).includes('cxl_flex_bus.status2'));
  });

  test('a field reads in its own words', () => {
    const bytes = capability({ 4: (0x3c << 20) | CXL_VENDOR, 8: CxlDvsec.device, 0x1c: 0x2000_2125 });
    const table = tableOf(ExtendedCapabilityId.dvsec, bytes);
    const values = new Map(
      decodedFields(decodeTable(table, bytesReader(bytes))).map(({ name, value }) => [name, value]),
    );
    assert.equal(values.get('cxl_device.range1_size_low.media'), 'non-volatile');
    assert.equal(values.get('cxl_device.range1_size_low.interleave'), '256');
    assert.equal(values.get('cxl_device.range1_size_low.size'), '0x20000000');
  });
});

test('every capability of either list that has a name has a table of that name', () => {
  const known = new Set(tables.map(({ name }) => name));
  const named = [...capabilityNames.values(), ...extendedCapabilityNames.values()];
  assert.deepEqual(
    named.filter(({ name }) => !known.has(name)),
    [],
  );
});
