/** NetBSD's text of pcictl, against texts written down from its program's source: list, dump, and what is no argument. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Capture } from '../../../src/function/index.js';
import {
  busOfNode,
  captureBus,
  dumpText,
  listText,
  oneFunction,
  oneRegister,
  partNumber,
  registerNumber,
} from '../../../src/look/pcictl/index.js';
import { parseDump } from '../../../src/machines/capture/index.js';
import { IndexedNames, parseIdsText, writeIndex } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';

const FOLDER = new URL('../../../../test/look/pcictl/', import.meta.url);
const file = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');
const names = new IndexedNames(
  writeIndex(parseIdsText('8086  Intel\n\t10d3  82574L Ethernet\n\t0c01  Root port\n')),
);

function capture(text: string): Capture {
  return parseDump(text);
}

const ALL = { bus: -1, device: -1, fn: -1, numbers: false, drivers: false };
const lines = (text: string, choice = ALL) => listText(captureBus(capture(text)), choice, names);

/** A function of which only the first 16 bytes say something. */
function fn(address: string, id: string, classText: string, header = '00'): string {
  return `${address} x\n00: ${id} 00 00 00 00 ${classText} 00 00 ${header} 00\n3f: 00\n\n`;
}

describe('list', () => {
  test('numbers are decimal, and names go as far as they are known', () => {
    const machine = [
      fn('0a:1f.0', '86 80 d3 10', '03 00 00 02', '80'),
      fn('0a:1f.3', '86 80 ff ff', '00 01 01 01'),
      fn('0b:00.0', '34 12 78 56', '00 30 03 0c'),
      fn('0c:00.0', '34 12 78 56', '00 07 80 03'),
      fn('0d:00.0', '34 12 78 56', '00 00 55 77'),
      fn('0e:00.0', '34 12 78 56', '00 00 42 02'),
    ].join('');
    assert.equal(
      lines(machine),
      [
        '010:31:0: Intel 82574L Ethernet (ethernet network, revision 0x03)',
        '010:31:3: Intel product ffff (IDE mass storage, interface 0x01)',
        '011:00:0: vendor 1234 product 5678 (USB serial bus, xHCI)',
        '012:00:0: vendor 1234 product 5678 (miscellaneous display, interface 0x07)',
        '013:00:0: vendor 1234 product 5678 (class 0x77, subclass 0x55)',
        '014:00:0: vendor 1234 product 5678 (network, subclass 0x42)',
        '',
      ].join('\n'),
    );
    assert.equal(
      lines(machine, { ...ALL, numbers: true, bus: 10, fn: 0 }),
      '010:31:0: 0x10d38086 (0x02000003)\n',
    );
    assert.equal(lines(machine, { ...ALL, bus: 9 }), '');
  });

  test('functions behind one of a single function are not looked for, until they are named', () => {
    const machine = fn('00:02.0', '86 80 01 00', '00 00 00 02') + fn('00:02.1', '86 80 02 00', '00 00 00 02');
    assert.equal(lines(machine).split('\n').length, 2);
    assert.match(lines(machine, { ...ALL, fn: 1 }), /^000:02:1: /);
  });

  test('other domains have no node', () => {
    assert.equal(lines(fn('0001:00:00.0', '86 80 01 00', '00 00 00 02')), '');
  });
});

describe('dump', () => {
  for (const name of ['device', 'bridge', 'cardbus'])
    test(`the text of a ${name}`, () => {
      const [one] = capture(file(`${name}.dump`)).functions;
      assert.ok(one !== undefined);
      assert.equal(dumpText(one.config, names), file(`${name}.txt`));
    });

  test('ends for every space, whatever its list says, and reads what is not there as zero', async () => {
    await checkProperty(
      'pcictl: the dump of a random space ends',
      fc.property(fc.uint8Array({ maxLength: 300 }), (config) => {
        const text = dumpText(config, names);
        assert.match(text, /^PCI configuration registers:\n {2}Common header:\n/);
        assert.match(text, / {4}0xf0:( 0x[0-9a-f]{8}){4}\n\n$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('arguments', () => {
  test('numbers as C has them', () => {
    assert.equal(partNumber('10'), 10);
    assert.equal(partNumber('0x10'), 16);
    assert.equal(partNumber('010'), 8);
    assert.equal(partNumber('all'), -1);
    assert.equal(partNumber('any'), -1);
    assert.equal(registerNumber('0xffffffff'), 0xffff_ffff);
    for (const text of ['', '0a', '08', '1 ', 'x']) assert.throws(() => partNumber(text), /is not a number/);
    assert.throws(() => registerNumber('0x100000000'), /out of range/);
    assert.equal(busOfNode('pci0'), 0);
    assert.equal(busOfNode('/dev/pci12'), 12);
    for (const text of ['pci', 'pci256', '0', 'sd0']) assert.throws(() => busOfNode(text), /not a PCI bus/);
  });

  test('what the kernel refuses is refused', () => {
    const invalid = { code: 'PCICTL_ARGUMENT', message: /Invalid argument/ };
    assert.throws(() => oneRegister(0, -1, 0, 0), invalid);
    assert.throws(() => oneRegister(0, 32, 0, 0), invalid);
    assert.throws(() => oneRegister(0, 0, 8, 0), invalid);
    assert.throws(() => oneRegister(256, 0, 0, 0), invalid);
    assert.throws(() => oneRegister(0, 0, 0, 2), invalid);
    assert.equal(String(oneRegister(10, 0, 1, 0x3c).address), '0000:0a:00.1');
    assert.throws(() => oneFunction(0, undefined, 0), /must specify a device number/);
    assert.throws(() => oneFunction(-1, 0, 0), /wildcard bus number/);
    assert.throws(() => oneFunction(0, 0, -1), /wildcard function number/);
  });
});
