/** Where a guest sees its functions: which slot each gets on the one bus, and real addresses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PciAddress } from '../../src/pci/index.js';
import { RealAddresses, VirtualBus } from '../../src/pciback/index.js';
import { checkProperty } from '../kept-seeds.js';

interface Placed {
  readonly physical: PciAddress;
}

function placed(bus: VirtualBus<Placed>, physical: PciAddress, slot?: number): string {
  const address = bus.placeFor(physical, slot);
  bus.put(address, { physical });
  return String(address);
}

test('first free slot, own function number; functions of one device together', () => {
  const bus = new VirtualBus<Placed>();
  assert.equal(placed(bus, new PciAddress(0, 1, 0, 0)), '0000:00:00.0');
  assert.equal(placed(bus, new PciAddress(0, 2, 0, 3)), '0000:00:01.3');
  assert.equal(placed(bus, new PciAddress(0, 1, 0, 1)), '0000:00:00.1');
  assert.equal(placed(bus, new PciAddress(0, 3, 0, 0), 0x1f), '0000:00:1f.0');
  assert.equal(bus.at(0, 0, 0x0b)?.physical.bus, 2);
  assert.equal(bus.at(1, 0, 0), undefined);
  assert.equal(bus.at(0, 1, 0), undefined);
});

test('a virtual function is function 0 of a slot of its own, and nobody joins it', () => {
  const bus = new VirtualBus<Placed & { readonly isVirtual?: boolean }>();
  const put = (physical: PciAddress, isVirtual: boolean, slot?: number) => {
    const address = bus.placeFor(physical, slot, isVirtual);
    bus.put(address, { physical, isVirtual });
    return String(address);
  };
  const [zero, two, three] = [0, 2, 3].map((fn) => new PciAddress(0, 1, 0, fn));
  assert.ok(zero !== undefined && two !== undefined && three !== undefined);
  assert.equal(put(two, true), '0000:00:00.0');
  assert.equal(put(three, true, 7), '0000:00:07.0');
  assert.equal(put(zero, false), '0000:00:01.0');
  const one = new PciAddress(0, 1, 0, 1);
  assert.equal(put(one, false), '0000:00:01.1');
  const four = new PciAddress(0, 1, 0, 4);
  for (const slot of [1, 7])
    assert.throws(() => bus.placeFor(four, slot, true), { code: 'VIRTUAL_SLOT_TAKEN' });
  assert.throws(() => bus.placeFor(four, 7), { code: 'VIRTUAL_SLOT_TAKEN' });
});

test('a slot that is taken, and a full bus, are refused', () => {
  const bus = new VirtualBus<Placed>();
  for (let slot = 0; slot < 32; slot++) placed(bus, new PciAddress(0, slot, 0, 0));
  assert.throws(() => bus.placeFor(new PciAddress(0, 40, 0, 0)), { code: 'VIRTUAL_BUS_FULL' });
  assert.throws(() => bus.placeFor(new PciAddress(0, 40, 0, 0), 3), { code: 'VIRTUAL_SLOT_TAKEN' });
  assert.throws(() => bus.placeFor(new PciAddress(0, 40, 0, 0), 32), { code: 'VIRTUAL_BUS_FULL' });
  const first = bus.at(0, 0, 0);
  assert.ok(first !== undefined);
  assert.equal(String(bus.remove(first)), '0000:00:00.0');
  assert.equal(bus.remove(first), undefined);
  assert.equal(placed(bus, new PciAddress(0, 40, 0, 5)), '0000:00:00.5');
});

test('property: no place is given twice, and no slot holds two devices', async () => {
  const physical = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }))
    .map(([bus, device, fn]) => new PciAddress(0, bus, device, fn));
  const property = fc.property(
    fc.uniqueArray(physical, { selector: ({ sbdf }) => sbdf, maxLength: 60 }),
    (all) => {
      const bus = new VirtualBus<Placed>();
      const slots = new Map<number, string>();
      for (const each of all) {
        const address = bus.placeFor(each);
        assert.equal(bus.at(0, 0, address.devfn), undefined);
        assert.equal(address.function, each.function);
        const device = `${each.bus}:${each.device}`;
        assert.equal(slots.get(address.device) ?? device, device);
        slots.set(address.device, device);
        bus.put(address, { physical: each });
      }
    },
  );
  // At most 32 devices can be placed: 4 buses of 8 devices.
  await checkProperty('virtual-bus: no place is given twice', property);
});

test('real addresses: each at its own, a root for each bus, and nothing else answers', () => {
  const real = new RealAddresses<Placed>();
  const all = [
    new PciAddress(0, 3, 0, 1),
    new PciAddress(0xffff, 0xff, 0x1f, 7),
    new PciAddress(0, 1, 4, 0),
    new PciAddress(0, 3, 2, 0),
  ].map((physical) => ({ physical }));
  for (const each of all) real.put(real.placeFor(each.physical), each);
  for (const each of all) {
    const { domain, bus, devfn } = each.physical;
    assert.equal(real.at(domain, bus, devfn), each);
    // Numbers of 32 bits that have the same low bits are others.
    for (const [wrongDomain, wrongBus, wrongDevfn] of [
      [domain + 0x1_0000, bus, devfn],
      [domain, bus + 0x100, devfn],
      [domain, bus, devfn + 0x100],
      [0xffff_ffff, 0xffff_ffff, 0xffff_ffff],
    ] as const)
      assert.equal(real.at(wrongDomain, wrongBus, wrongDevfn), undefined);
  }
  assert.deepEqual(real.roots(), [
    { domain: 0, bus: 3 },
    { domain: 0xffff, bus: 0xff },
    { domain: 0, bus: 1 },
  ]);
  assert.throws(() => real.placeFor(new PciAddress(0, 5, 6, 0), 7), { code: 'VIRTUAL_SLOT_FIXED' });
  const [first, , third] = all;
  assert.ok(first !== undefined && third !== undefined);
  assert.equal(String(real.remove(third)), '0000:01:04.0');
  assert.equal(real.remove(third), undefined);
  assert.deepEqual(real.roots().length, 2);
  assert.equal(real.at(0, 3, 1), first);
});
