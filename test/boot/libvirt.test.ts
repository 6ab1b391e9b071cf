/** Definitions of libvirt's guests: read, linted and edited; what is XML at all is judged by xmllint where it is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addHostdev,
  libvirtGuestFile,
  parseXml,
  readLibvirtGuest,
  removeHostdevs,
  XmlMalformedError,
} from '../../src/boot/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { lintCodes } from './lint-codes.js';

const FILE = 'web.xml';
const NIC = new PciAddress(0, 0x0a, 0, 1);
const add = (text: string, address = NIC) => addHostdev(text, address, true, FILE);
const remove = (text: string, address = NIC) =>
  removeHostdevs(text, (one) => one.address?.equals(address) === true, FILE);
const functions = (text: string) =>
  readLibvirtGuest(text, FILE).functions.map(({ address }) => String(address));

function isXml(text: string): boolean {
  try {
    parseXml(text, FILE);
    return true;
  } catch (error) {
    assert.ok(error instanceof XmlMalformedError, String(error));
    return false;
  }
}

const DEFINITION = `<?xml version='1.0'?>
<!-- edit with virsh edit -->
<domain type='kvm' xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>web</name>
  <description>nicht für <![CDATA[<hostdev> & andere]]></description>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <!-- <hostdev mode='subsystem' type='pci'/> -->
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <driver name='vfio'/>
      <source><address domain='0x0000' bus='0x0b' slot='0x00' function='0x0'/></source>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/></source></hostdev>
    <interface type='hostdev' managed='yes'>
      <source><address type='pci' domain='0' bus='12' slot='0' function='1'/></source>
    </interface>
  </devices>
</domain>
`;
const UTF8 = Buffer.from(DEFINITION).toString('latin1');

/** Documents of all that can stand in XML, and mistakes in them. */
const documents = fc
  .array(
    fc.constantFrom(
      '<domain>',
      '<domain a="1">',
      '</domain>',
      '<devices>',
      '</devices>',
      '<devices/>',
      '<a b=\'1\' c="2"/>',
      '<a b="1" b="2"/>',
      '<a',
      ' b="<"',
      '>',
      '/>',
      '<!-- c -->',
      '<!-- -- -->',
      '<!--',
      '<![CDATA[ <x> ]]>',
      '<![CDATA[',
      ']]>',
      '<?pi x?>',
      '<?xml version="1.0"?>',
      '<?pi',
      '&amp;',
      '&lt;',
      '&#65;',
      '&#x1;',
      '&#x41;',
      '&no;',
      '& ',
      'text',
      ' ',
      '\n',
      '\t',
      '"',
      "'",
      '=',
      '<1/>',
      '<a:b/>',
      '<a b = "1" />',
      '</a>',
      '\x01',
    ),
    { maxLength: 9 },
  )
  .chain((parts) => fc.constantFrom(parts.join(''), `<domain>${parts.join('')}</domain>`));

describe('a definition', () => {
  test(
    'is XML or not as xmllint says',
    {
      skip:
        spawnSync('xmllint', ['--version']).error !== undefined
          ? 'there is no xmllint: apt-get install libxml2-utils'
          : false,
    },
    () =>
      checkProperty(
        'xml: as xmllint reads it',
        fc.property(fc.array(documents, { minLength: 20, maxLength: 20 }), (texts) => {
          for (const text of texts) {
            const { status } = spawnSync('xmllint', ['--noout', '--nonet', '-'], { input: text });
            assert.equal(isXml(text), status === 0, JSON.stringify(text));
          }
        }),
        { numRuns: 5 },
      ),
  );

  test('says which functions its guest gets', () => {
    const { name, functions: found } = readLibvirtGuest(UTF8, FILE);
    assert.equal(name, 'web');
    assert.deepEqual(
      found.map(({ kind, address }) => `${kind} ${String(address)}`),
      ['hostdev 0000:0b:00.0', 'interface 0000:0c:00.1'],
    );
  });

  test('that is none is refused at its place', () => {
    const message = (text: string) => {
      try {
        readLibvirtGuest(text, FILE);
      } catch (error) {
        assert.ok(error instanceof XmlMalformedError);
        return error.message;
      }
      assert.fail('it was taken');
    };
    assert.equal(message('<domain>\n <a></b>\n</domain>'), 'web.xml:2:5: </b> closes <a>');
    assert.equal(message('<network/>'), "web.xml:1:1: <network>, and a guest's definition is a <domain>");
    assert.equal(message('<domain><a b="1" b="2"/></domain>'), 'web.xml:1:18: b is there twice');
    assert.match(message(`<domain>${'<a>'.repeat(100_000)}`), /more than 256 elements/);
    assert.throws(() => add('<domain/>'), /has no <devices>/);
  });
});

describe('a function', () => {
  test('comes behind the last hostdev, indented as that is', () => {
    const added = add(UTF8);
    assert.ok(
      added.includes(`<source><vendor id='0x1234'/></source></hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source>
        <address domain='0x0000' bus='0x0a' slot='0x00' function='0x1'/>
      </source>
    </hostdev>
    <interface`),
      added,
    );
    assert.deepEqual(functions(added), ['0000:0b:00.0', '0000:0a:00.1', '0000:0c:00.1']);
    assert.equal(remove(added), UTF8);
    assert.deepEqual(libvirtGuestFile.lint(add('<domain>\n  <devices/>\n</domain>\n')), []);
  });

  test('goes with its lines, and nothing else does', () => {
    const left = remove(UTF8, new PciAddress(0, 0x0b, 0, 0));
    assert.deepEqual(functions(left), ['0000:0c:00.1']);
    const lines = UTF8.split('\n');
    assert.equal(left, [...lines.slice(0, 8), ...lines.slice(13)].join('\n'));
    // A network card with its settings is nobody's hostdev.
    assert.equal(remove(UTF8, new PciAddress(0, 0x0c, 0, 1)), UTF8);
  });

  test('that is added and taken away leaves the definition as it was', () =>
    checkProperty(
      'libvirt: definitions edited and back',
      fc.property(
        fc.array(
          fc.constantFrom(
            '<a/>',
            '<hostdev/>',
            '<!-- c -->',
            '\n',
            '  ',
            '\r\n\t',
            '<hostdev type="pci"> </hostdev>',
          ),
          { maxLength: 12 },
        ),
        fc.nat(0xffff),
        fc.nat(0xff),
        fc.nat(0x1f),
        fc.nat(7),
        (parts, domain, bus, device, fn) => {
          const text = `<domain>\n<devices>${parts.join('')}</devices></domain>`;
          const address = new PciAddress(domain, bus, device, fn);
          const added = add(text, address);
          assert.deepEqual(functions(added), [String(address)]);
          assert.equal(remove(added, address), text);
        },
      ),
    ));
});

describe('its lint', () => {
  const codes = (text: string) => lintCodes(libvirtGuestFile, text);
  const hostdev = (content: string, attributes = "mode='subsystem' type='pci' managed='yes'") =>
    codes(`<domain><devices><hostdev ${attributes}>${content}</hostdev></devices></domain>`);
  const source = (address: string) => `<source><address ${address}/></source>`;

  test('tells what libvirt refuses', () => {
    assert.deepEqual(codes('<domain>'), ['SYNTAX "<domain>"']);
    assert.deepEqual(hostdev(''), [`SOURCE_MISSING "<hostdev mode='subsystem' type='pci' managed='yes'>"`]);
    assert.deepEqual(hostdev('', "mode='system'"), [`MODE_UNKNOWN "mode='system'"`]);
    assert.deepEqual(hostdev('', "mode='subsystem'"), [`TYPE_MISSING "<hostdev mode='subsystem'>"`]);
    assert.deepEqual(hostdev(source("bus='1'"), "type='pci' managed='true'"), [
      `MANAGED_UNKNOWN "managed='true'"`,
    ]);
    assert.deepEqual(hostdev(`<driver name='kvm'/>${source("bus='1'")}`), [`DRIVER_UNKNOWN "name='kvm'"`]);
    assert.deepEqual(hostdev(source("bus='0a' slot='0x20' function='8'")), [
      `NUMBER_MALFORMED "bus='0a'"`,
      `NUMBER_RANGE "slot='0x20'"`,
      `NUMBER_RANGE "function='8'"`,
    ]);
  });

  test('tells what libvirt reads otherwise than it looks, or not at all', () => {
    assert.deepEqual(codes(UTF8), [`NUMBER_DECIMAL "bus='12'"`]);
    assert.deepEqual(hostdev(source("bus='010' slot='00'")), [`NUMBER_OCTAL "bus='010'"`]);
    assert.deepEqual(hostdev(source("bus='1' device='2'")), [`ATTRIBUTE_UNKNOWN "device='2'"`]);
    assert.deepEqual(hostdev(source('')), ['ADDRESS_ZERO "<address />"']);
    assert.deepEqual(codes('<domain><hostdev/><devices><x><hostdev/></x></devices></domain>'), [
      'OUTSIDE_DEVICES "<hostdev/>"',
    ]);
    assert.deepEqual(hostdev(source("bus='1'"), "type='pci'"), [`UNMANAGED "<hostdev type='pci'>"`]);
  });

  test('tells what cannot be together', () => {
    const one = `<hostdev type='pci' managed='yes'>${source("bus='1'")}<address type='pci' slot='0x05'/></hostdev>`;
    assert.deepEqual(
      codes(`<domain><devices>${one}${one.replace("bus='1'", "bus='0x1'")}</devices></domain>`),
      [`FUNCTION_AGAIN "<address bus='0x1'/>"`, `GUEST_PLACE_AGAIN "<address type='pci' slot='0x05'/>"`],
    );
  });

  test('fails on nothing, and prints what it read', () =>
    checkProperty(
      'libvirt: definitions printed and linted',
      fc.property(
        fc.oneof(
          documents,
          fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
        ),
        (text) => {
          assert.equal(libvirtGuestFile.print(text), text);
          for (const { offset, length } of libvirtGuestFile.lint(text))
            assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length);
        },
      ),
    ));
});
