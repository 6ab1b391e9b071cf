/** Tests of the registers by number: the tables say the same of each, by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesReader,
  CapabilityId,
  capabilityNames,
  CommandBit,
  fieldMask,
  Header,
  header0,
  msi,
  MsiControl,
  msix,
  MsixControl,
  msixTable,
  msixVectors,
} from '../../src/pci/index.js';
import type { RegisterTable } from '../../src/pci/index.js';

function register(table: RegisterTable, name: string) {
  const found = table.registers.find((one) => one.name === name);
  assert.ok(found !== undefined, `${table.name} has no register ${name}`);
  return found;
}

function maskOf(table: RegisterTable, name: string, field: string): number {
  const found = register(table, name).fields.find((one) => one.name === field);
  assert.ok(found !== undefined, `${table.name}.${name} has no field ${field}`);
  return fieldMask(found);
}

test('offsets of the header are those of its table', () => {
  const { baseClass, barsEnd, ...plain } = Header;
  const names: Partial<Record<keyof typeof plain, string>> = {
    cacheLine: 'cache_line',
    firstBar: 'bar0',
    interruptLine: 'interrupt_line',
    interruptPin: 'interrupt_pin',
  };
  for (const name of Object.keys(plain) as (keyof typeof plain)[])
    assert.equal(plain[name], register(header0, names[name] ?? name).offset, name);
  // The upper byte of the class code's register, and what stands behind the last BAR.
  assert.equal(baseClass, register(header0, 'class').offset + 1);
  assert.equal(barsEnd, register(header0, 'bar5').offset + 4);
});

test('bits are those of the fields in the tables', () => {
  assert.deepEqual(CommandBit, {
    io: maskOf(header0, 'command', 'io'),
    memory: maskOf(header0, 'command', 'memory'),
    busMaster: maskOf(header0, 'command', 'bus_master'),
    serr: maskOf(header0, 'command', 'serr'),
    intxDisable: maskOf(header0, 'command', 'intx_disable'),
  });
  assert.deepEqual(MsiControl, {
    enable: maskOf(msi, 'control', 'enable'),
    wide: maskOf(msi, 'control', 'address64'),
    maskable: maskOf(msi, 'control', 'maskable'),
  });
  assert.deepEqual(MsixControl, {
    maskAll: maskOf(msix, 'control', 'function_mask'),
    enable: maskOf(msix, 'control', 'enable'),
  });
});

test('ids of capabilities are those of the names', () => {
  for (const [name, id] of Object.entries(CapabilityId)) assert.equal(capabilityNames.get(id)?.name, name);
});

test('the vector table is where the capability says', () => {
  const reader = bytesReader(Uint8Array.of(0x11, 0, 0x3f, 0x80, 0x04, 0x20, 0, 0xf0));
  assert.equal(msixVectors(reader, 0), 64);
  assert.deepEqual(msixTable(reader, 0), { region: 4, offset: 0xf000_2000 });
});
