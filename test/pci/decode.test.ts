/** Tests of the decoder: a known function, register variants, cut off and random content. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesReader,
  className,
  decodeFunction,
  decodeTable,
  decodedFields,
  fields,
  msi,
  pcie,
} from '../../src/pci/index.js';
import type { RegisterTable } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

/** The bytes of hexadecimal text at offsets. */
function space(size: number, parts: Readonly<Record<number, string>>): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [offset, text] of Object.entries(parts))
    bytes.set(Buffer.from(text.replaceAll(' ', ''), 'hex'), Number(offset));
  return bytes;
}

/** An NVMe controller with 64-bit BAR 0, PM, MSI-X and the PCIe capability of an endpoint. */
const nvme = space(256, {
  0x00: '86 80 45 58  06 04 10 00  02 02 08 01  10 00 00 00',
  0x10: '04 00 bf fe  01 00 00 00',
  0x34: '40',
  0x3c: '0b 01',
  0x40: '11 80 40 80  00 20 00 00  00 30 00 00',
  0x80: '10 60 02 00  22 80 00 10  10 28 00 00  13 01 00 00  00 00 13 00',
  0x60: '01 00 03 00  08 00 00 00',
});

function valuesOf(bytes: Uint8Array): Map<string, boolean | number | string> {
  const { header, capabilities } = decodeFunction(bytesReader(bytes));
  const registers = [...header, ...capabilities.flatMap((capability) => capability.registers)];
  return new Map(decodedFields(registers).map((field) => [field.name, field.value]));
}

test('decodes a function', () => {
  const decoded = decodeFunction(bytesReader(nvme));
  assert.equal(decoded.class, 'Non-Volatile memory controller');
  assert.deepEqual(decoded.findings, []);
  assert.deepEqual(
    decoded.capabilities.map(({ name, offset }) => [name, offset]),
    [
      ['msix', 0x40],
      ['pcie', 0x80],
      ['pm', 0x60],
    ],
  );
  assert.equal(decoded.bars[0]?.kind === 'memory' && decoded.bars[0].address, '0x00000001febf0000');
  const found = valuesOf(nvme);
  const expected: [string, boolean | number | string][] = [
    ['header.vendor', '0x8086'],
    ['header.command.bus_master', true],
    ['header.command.io', false],
    ['header.cache_line', 64],
    ['header.interrupt_pin', 'A'],
    ['msix.control.size', 65],
    ['msix.control.enable', true],
    ['msix.table.offset', '0x00002000'],
    ['pcie.flags.type', 'endpoint'],
    ['pcie.devctl.max_payload', 128],
    ['pcie.devctl.max_read', 512],
    ['pcie.lnkcap.max_speed', '8 GT/s'],
    ['pcie.lnksta.width', 1],
    ['pm.pmcsr.state', 'D0'],
    ['pm.pmcsr.no_soft_reset', true],
  ];
  for (const [name, value] of expected) assert.equal(found.get(name), value, name);
  assert.ok(!found.has('pcie.sltcap.hot_plug') && !found.has('pcie.rootctl.fatal'));
});

test('is plain JSON', () => {
  const decoded = decodeFunction(bytesReader(nvme));
  assert.deepEqual(JSON.parse(JSON.stringify(decoded)), decoded);
});

test('MSI variants have their registers where the control word says', () => {
  const at = (control: number) =>
    decodeTable(msi, bytesReader(Uint8Array.of(5, 0, control & 0xff, control >> 8, ...new Uint8Array(20))))
      .slice(3)
      .map(({ name, offset }) => `${name.slice(4)}@${offset.toString(16)}`);
  assert.deepEqual(at(0), ['data@8']);
  assert.deepEqual(at(0x80), ['address_upper@8', 'data@c']);
  assert.deepEqual(at(0x100), ['data@8', 'mask@c', 'pending@10']);
  assert.deepEqual(at(0x180), ['address_upper@8', 'data@c', 'mask@10', 'pending@14']);
  assert.deepEqual(at(0x280), ['address_upper@8', 'data@c', 'extended_data@e']);
});

test('bit 15 of device control belongs to the port type', () => {
  const names = (type: number) =>
    decodedFields(decodeTable(pcie, bytesReader(space(64, { 2: `${type}2 00` })))).map((field) => field.name);
  assert.ok(names(0).includes('pcie.devctl.flr') && !names(0).includes('pcie.devctl.bridge_retry'));
  assert.ok(names(7).includes('pcie.devctl.bridge_retry') && !names(7).includes('pcie.devctl.flr'));
});

test('registers past the readable size say so', () => {
  const decoded = decodeFunction(bytesReader(nvme.subarray(0, 0x88)));
  const registers = decoded.capabilities.flatMap((capability) => capability.registers);
  assert.equal(registers.find((register) => register.name === 'pcie.devcap')?.readable, true);
  assert.equal(registers.find((register) => register.name === 'pcie.devctl')?.readable, false);
  const short = decodeFunction(bytesReader(nvme.subarray(0, 64)));
  assert.deepEqual(short.findings, [
    { code: 'CAPABILITY_UNREADABLE', list: 'standard', from: 0x34, offset: 0x40 },
  ]);
});

test('absent functions and unknown headers', () => {
  assert.deepEqual(decodeFunction(bytesReader(new Uint8Array(256).fill(0xff))).findings, [
    { code: 'FUNCTION_ABSENT' },
  ]);
  const unknown = decodeFunction(bytesReader(space(256, { 0: '86 80 01 00', 0x0e: '05' })));
  assert.deepEqual(unknown.findings, [{ code: 'HEADER_UNKNOWN', layout: 5 }]);
  assert.equal(unknown.bars.length, 0);
});

test('registers of 8 bytes, as device maps have them', () => {
  const table: RegisterTable = {
    name: 'map',
    title: 'Device registers',
    source: 'none',
    registers: [
      fields.register(0, 8, 'cap', 'Capabilities', [
        fields.bits(15, 0, 'low', 'Low'),
        fields.bits(35, 28, 'across', 'Across the halves', 'ro', fields.hex()),
        fields.bits(55, 52, 'high', 'High', 'ro', fields.power2(4096, 'bytes')),
        fields.flag(63, 'top', 'Top'),
      ]),
    ],
  };
  const [register] = decodeTable(table, bytesReader(Buffer.from('efcdab896745f381', 'hex')));
  assert.ok(register?.readable === true);
  assert.equal(register.hex, '0x81f3456789abcdef');
  assert.deepEqual(
    register.fields.map((field) => field.value),
    [0xcdef, '0x78', 4096 * 2 ** 0xf, true],
  );
  assert.equal(register.fields[2]?.unit, 'bytes');
});

test('any bytes of any size are answered, and the raw numbers are the bits', async () => {
  await checkProperty(
    'decode: raw numbers are the bits of any bytes',
    fc.property(fc.oneof(fc.nat(300), fc.nat(4096)), fc.infiniteStream(fc.nat(255)), (size, stream) => {
      const bytes = Uint8Array.from(stream.take(size));
      const decoded = decodeFunction(bytesReader(bytes));
      for (const register of [
        ...decoded.header,
        ...decoded.capabilities.flatMap((entry) => entry.registers),
      ]) {
        assert.equal(register.readable, register.offset + register.width <= size, register.name);
        if (!register.readable) continue;
        for (const { name, raw, low, high } of register.fields) {
          const expected = BigInt.asUintN(high - low + 1, BigInt(register.hex) >> BigInt(low));
          assert.equal(BigInt(raw), expected, name);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('class names', () => {
  assert.equal(className(0x010802), 'Non-Volatile memory controller');
  assert.equal(className(0x060400), 'PCI bridge');
  assert.equal(className(0x018000), 'Mass storage controller');
  assert.equal(className(0x02ee00), 'Network controller');
  assert.equal(className(0xff0000), 'Unassigned class');
  assert.equal(className(0x500000), 'Unknown class');
});
