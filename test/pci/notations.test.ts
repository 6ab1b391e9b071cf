/** Tests of the address notations: round trips, refusals, and text that nobody meant as an address. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AddressRangeError,
  MalformedAddressError,
  OpenslotError,
  PciAddress,
  notations,
} from '../../src/pci/index.js';
import type { Notation } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const { hex, shortHex, proto, pcictl, ppt, xenstore, vdev, libxl, nodedev, root } = notations;

function addresses(domains = 0xffff): fc.Arbitrary<PciAddress> {
  return fc
    .tuple(fc.nat(domains), fc.nat(0xff), fc.nat(0x1f), fc.nat(7))
    .map(([domain, bus, device, fn]) => new PciAddress(domain, bus, device, fn));
}

/** Text near an address: pieces of valid text, cut and glued. */
const nearText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF:.-x p i'), maxLength: 16 }),
  fc
    .tuple(
      fc.integer({ min: 0, max: 0x12000 }),
      fc.nat(0x120),
      fc.nat(0x22),
      fc.nat(9),
      fc.constantFrom(10, 16),
    )
    .chain(([d, b, s, f, radix]) => {
      const [domain, bus, slot, fn] = [d, b, s, f].map((part) => part.toString(radix));
      return fc.constantFrom(
        `${domain}:${bus}:${slot}.${fn}`,
        `${bus}:${slot}.${fn}`,
        `${domain}:${bus}:${slot}.0${fn}`,
        `${domain?.padStart(4, '0')}-${bus?.padStart(2, '0')}-${slot?.padStart(2, '0')}-${fn}`,
        `pci${domain}:${bus}:${slot}:${fn}`,
        `pci_${domain?.padStart(4, '0')}_${bus?.padStart(2, '0')}_${slot?.padStart(2, '0')}_${fn}`,
        `${bus}/${slot}/${fn}`,
        `-b ${bus} -d ${slot} -f ${fn}`,
        `${domain}:${bus}`,
      );
    }),
);

const all: [string, Notation, number][] = [
  ['hex', hex, 0xffff],
  ['shortHex', shortHex, 0xffff],
  ['proto', proto, 0xffff],
  ['pcictl', pcictl, 0],
  ['ppt', ppt, 0],
  ['nodedev', nodedev, 0xffff],
  ['xenstore', xenstore, 0xffff],
  ['vdev', vdev, 0xffff],
  ['libxl', libxl, 0xffff],
];

for (const [name, notation, domains] of all) {
  test(`${name}: what it formats it parses`, async () => {
    await checkProperty(
      `notations: ${name} parses what it formats`,
      fc.property(addresses(domains), (a) => assert.ok(notation.parse(notation.format(a)).equals(a))),
    );
  });

  test(`${name}: any text is refused by an openslot error or stands for an address`, async () => {
    await checkProperty(
      `notations: ${name} refuses any text or finds an address`,
      fc.property(nearText, (text) => {
        let address: PciAddress;
        try {
          address = notation.parse(text);
        } catch (error) {
          assert.ok(error instanceof OpenslotError, String(error));
          return;
        }
        assert.ok(notation.parse(notation.format(address)).equals(address));
      }),
      { numRuns: 2000 },
    );
  });
}

test('root: round trip and refusals', async () => {
  await checkProperty(
    'notations: roots round-trip',
    fc.property(fc.nat(0xffff), fc.nat(0xff), (domain, bus) =>
      assert.deepEqual(root.parse(root.format({ domain, bus })), { domain, bus }),
    ),
  );
  await checkProperty(
    'notations: a root refuses any text or finds one',
    fc.property(nearText, (text) => {
      let parsed: ReturnType<typeof root.parse>;
      try {
        parsed = root.parse(text);
      } catch (error) {
        assert.ok(error instanceof OpenslotError, String(error));
        return;
      }
      assert.deepEqual(root.parse(root.format(parsed)), parsed);
    }),
  );
  assert.equal(root.format({ domain: 1, bus: 2 }), '0001:02');
  assert.throws(() => root.format({ domain: 0, bus: 256 }), AddressRangeError);
});

test('one address in every notation', () => {
  const address = new PciAddress(0, 0x0a, 0x1f, 3);
  assert.equal(hex.format(address), '0000:0a:1f.3');
  assert.equal(shortHex.format(address), '0a:1f.3');
  assert.equal(shortHex.format(new PciAddress(1, 0x0a, 0x1f, 3)), '0001:0a:1f.3');
  assert.equal(proto.format(address), 'pci0:10:31:3');
  assert.equal(pcictl.format(address), '-b 10 -d 31 -f 3');
  assert.equal(xenstore.format(address), '0000:0a:1f.3');
  assert.equal(vdev.format(address), '0000:0a:1f.03');
  assert.equal(libxl.format(address), '0000-0a-1f-3');
  assert.equal(nodedev.format(address), 'pci_0000_0a_1f_3');
  assert.equal(ppt.format(address), '10/31/3');
  assert.throws(() => ppt.format(new PciAddress(1, 0x0a, 0x1f, 3)), AddressRangeError);
});

test('forms that people and peers write', () => {
  const address = new PciAddress(1, 2, 3, 4);
  for (const text of ['0001:02:03.4', '1:2:3.4', '01:02:3.4']) assert.ok(hex.parse(text).equals(address));
  assert.ok(hex.parse('AB:1F.7').equals(new PciAddress(0, 0xab, 0x1f, 7)));
  assert.ok(vdev.parse('0001:02:03.4').equals(address));
  assert.ok(pcictl.parse('-b 2 -d 3').equals(new PciAddress(0, 2, 3, 0)));
});

test('a refusal names the place and what belongs there', () => {
  const cases: [Notation, string, number][] = [
    [hex, '', 0],
    [hex, ' 0a:00.0', 0],
    [hex, '0a:00.0 ', 7],
    [hex, '0x0a:00.0', 1],
    [hex, '10000:00:00.0', 4],
    [hex, '00a:00.0', 2],
    [hex, '0a:00', 5],
    [hex, '0a:00.', 6],
    [hex, '0a:00.00', 7],
    [hex, '0a:000.0', 5],
    [hex, 'pci0:10:0:0', 0],
    [proto, '0a:00.0', 0],
    [proto, 'pci0:010:0:0', 5],
    [ppt, '010/0/0', 0],
    [nodedev, 'pci_0_0a_00_0', 5],
    [proto, 'pci0:0a:0:0', 6],
    [pcictl, '-b 0x0a -d 0', 4],
    [pcictl, '-b 1 -d 0 -f', 12],
    [xenstore, '0a:00.0', 5],
    [libxl, '0-0a-00-0', 1],
  ];
  for (const [notation, text, position] of cases) {
    assert.throws(
      () => notation.parse(text),
      (error) => {
        assert.ok(error instanceof MalformedAddressError, `${text}: ${String(error)}`);
        assert.equal(error.code, 'ADDRESS_MALFORMED');
        assert.equal(error.evidence['position'], position, `${text}: ${error.message}`);
        assert.equal(error.evidence['notation'], notation.name);
        return true;
      },
    );
  }
});

test('parts that no function has', () => {
  for (const text of ['00:20.0', '00:00.8', '00:00.f'])
    assert.throws(() => hex.parse(text), AddressRangeError);
  for (const text of ['pci65536:0:0:0', 'pci0:256:0:0', 'pci0:0:32:0', `pci${'9'.repeat(400)}:0:0:0`]) {
    assert.throws(() => proto.parse(text), AddressRangeError);
  }
  assert.throws(() => pcictl.format(new PciAddress(1, 0, 0, 0)), AddressRangeError);
  assert.throws(() => new PciAddress(0, 0, 0, -1), AddressRangeError);
  assert.throws(() => new PciAddress(0, 0, 0.5, 0), AddressRangeError);
});

test('the packed numbers of an address', async () => {
  await checkProperty(
    'notations: packed numbers agree',
    fc.property(addresses(), (a) => {
      assert.ok(PciAddress.fromDevfn(a.domain, a.bus, a.devfn).equals(a));
      assert.equal(a.sbdf, a.domain * 65536 + a.bus * 256 + a.device * 8 + a.function);
      assert.equal(JSON.stringify(a), `"${hex.format(a)}"`);
    }),
  );
});
