/** What a guest finds, whatever its front end: the same functions, identities, BARs and interrupt lines. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PciAddress } from '../../src/pci/index.js';
import { domainId } from '../../src/xen/domain.js';
import { disk, edu, testdev } from '../function/shapes.js';
import { lineOf, type PlacedShape } from '../function/simulated-host.js';
import { checkProperty } from '../kept-seeds.js';
import { toolStackAttaches, toolStackCreates, toolStackDestroys } from '../pciback/front-end.js';
import { ServedHost } from '../pciback/served-host.js';
import { grantFunction } from '../xen/local-host.js';
import { FRONT_ENDS, type FrontEndChoice, type FoundFunction } from './front-ends.js';
import { StrictFrontEnd } from './strict-front-end.js';

class OfferingHost extends ServedHost {
  /** Every function is in the pool, and our back end serves. */
  static async start(shapes: readonly PlacedShape[]): Promise<OfferingHost> {
    const host = new OfferingHost(shapes);
    await host.claimAll();
    await host.serve();
    return host;
  }

  /** Grants and lists functions as every tool stack does, before the guest runs. */
  async offer(guest: number, addresses: readonly PciAddress[]): Promise<void> {
    this.domain(guest);
    for (const address of addresses) {
      using fn = this.machine.open(address);
      grantFunction(this.platform, domainId(guest), fn);
    }
    await toolStackCreates(this.platform.store, guest, addresses.map(String));
  }

  state(guest: number): string | undefined {
    return this.server.read(`/local/domain/0/backend/pci/${guest}/0/state`);
  }

  async end(guest: number): Promise<void> {
    await this.kill(guest);
    await toolStackDestroys(this.platform.store, guest);
    await this.settled(() => this.pool.list().every(({ state }) => state === 'free'));
  }
}

const textOf = ({ address, vendor, device, classCode, bars }: FoundFunction) =>
  [String(address), vendor.toString(16), device.toString(16), classCode.toString(16), ...bars].join(' ');

const found = async (choice: FrontEndChoice, host: OfferingHost, guest: number) =>
  (await choice.connect(host.guestPlatform(guest))).found.map(textOf);

for (const choice of FRONT_ENDS) {
  describe(`${choice.name}:`, () => {
    test('finds what it is given, with the BARs of the hardware', async () => {
      await using host = await OfferingHost.start([disk(), edu(), testdev()]);
      await host.offer(1, [disk().address, edu().address, testdev().address]);
      assert.deepEqual(await found(choice, host, 1), [
        '0000:00:00.0 1b36 10 10802 0 memory 0x4000 at 0xfebd0000 2 io 0x20 at 0xc140',
        '0000:00:01.0 1234 11e8 ff00 0 memory 0x100000 at 0xfea00000',
        '0000:00:02.0 1b36 5 ff00 0 memory 0x1000 at 0xfeb8b000 1 io 0x100 at 0xc000',
      ]);
      // Sizing has moved nothing.
      for (const { address } of host.machine.list()) {
        using fn = host.machine.open(address);
        const shape = [disk(), edu(), testdev()].find((one) => one.address.equals(address));
        assert.deepEqual(
          fn.regions.map((region) => region.address),
          shape?.regions.map((region) => region.address),
        );
      }
    });

    test('a second function that comes before the guest is up is found with the first', async () => {
      await using host = await OfferingHost.start([disk(), edu()]);
      await host.offer(1, [disk().address]);
      await host.settled(() => host.state(1) === '3');
      await toolStackAttaches(host.platform.store, 1, String(edu().address));
      await host.settled(() => host.server.read('/local/domain/0/backend/pci/1/0/state-1') === '3');
      const texts = await found(choice, host, 1);
      assert.deepEqual(
        texts.map((text) => text.slice(0, 20)),
        ['0000:00:00.0 1b36 10', '0000:00:01.0 1234 11'],
      );
    });

    test('finds functions whose function 0 the guest does not have', async () => {
      const zero = (device: number) => ({ ...testdev(new PciAddress(0, 0, device, 0)), regions: [] });
      const three = testdev(new PciAddress(0, 0, 6, 3));
      const one = { ...disk(new PciAddress(0, 0, 8, 1)), device: 0x11 };
      await using host = await OfferingHost.start([zero(6), three, zero(8), one]);
      await host.offer(1, [three.address, one.address]);
      assert.deepEqual(
        (await found(choice, host, 1)).map((text) => text.slice(0, 12)),
        ['0000:00:00.3', '0000:00:01.1'],
      );
    });

    test('reads the line of each function, which is its pirq, and nothing where nothing is', async () => {
      await using host = await OfferingHost.start([disk(), edu(), testdev()]);
      await host.offer(1, [disk().address, testdev().address]);
      const front = await choice.connect(host.guestPlatform(1));
      const line = (slot: number) => front.configRead(new PciAddress(0, 0, slot, 0), 0x3c) & 0xff;
      assert.deepEqual([line(0), line(1)], [lineOf(disk()), 0]);
      assert.equal(front.panic, undefined);
    });
  });
}

/** A function of any identity, with BARs of any kind and size. */
const anyFunction = fc.record({
  vendor: fc.integer({ min: 1, max: 0xfffe }),
  device: fc.nat(0xffff),
  classCode: fc.nat(0xff_ffff).filter((code) => code >>> 16 !== 0x06),
  interrupt: fc.boolean(),
  regions: fc.array(
    fc.record({
      kind: fc.constantFrom('memory' as const, 'io' as const),
      exponent: fc.integer({ min: 4, max: 20 }),
      wide: fc.boolean(),
      prefetchable: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
});
type AnyFunction = typeof anyFunction extends fc.Arbitrary<infer T> ? T : never;

function placed({ regions, interrupt, ...identity }: AnyFunction, slot: number): PlacedShape {
  return {
    ...testdev(new PciAddress(0, 0, 1 + slot, 0)),
    ...identity,
    ...(interrupt ? { pin: 1 as const } : {}),
    regions: regions.map(({ kind, exponent, wide, prefetchable }, place) =>
      kind === 'io'
        ? {
            index: place * 2,
            kind,
            size: 2 ** Math.min(exponent, 8),
            address: BigInt(0x4000 + slot * 0x1000 + place * 0x100),
            prefetchable: false,
            wide: false,
          }
        : {
            index: place * 2,
            kind,
            size: 2 ** exponent,
            address: BigInt(0xe000_0000 + slot * 0x100_0000 + place * 0x10_0000),
            prefetchable,
            wide,
          },
    ),
  };
}

test('property: both front ends find the same in any functions', async () => {
  const property = fc.asyncProperty(
    fc.array(anyFunction, { minLength: 1, maxLength: 4 }),
    async (functions) => {
      const shapes = functions.map(placed);
      await using host = await OfferingHost.start(shapes);
      const addresses = shapes.map(({ address }) => address);
      const texts: (readonly string[])[] = [];
      for (const [index, choice] of FRONT_ENDS.entries()) {
        await host.offer(index + 1, addresses);
        texts.push(await found(choice, host, index + 1));
        await host.end(index + 1);
      }
      assert.equal(texts[0]?.length, functions.length);
      assert.deepEqual(texts[1], texts[0]);
    },
  );
  await checkProperty('front ends: the same functions', property as fc.IAsyncProperty<unknown[]>, {
    numRuns: 40,
  });
});

test('what a tool stack grants with a function is what a strict guest maps and binds', async () => {
  await using host = await OfferingHost.start([disk(), edu()]);
  await host.offer(1, [disk().address, edu().address]);
  const platform = host.guestPlatform(1);
  const strict = await StrictFrontEnd.boot(platform);
  await strict.configured;
  for (const fn of strict.functions) {
    for (const { index } of fn.bars) strict.map(fn, index).close();
    assert.ok(strict.establish(fn) !== undefined);
  }
  assert.deepEqual([...platform.bound.keys()], [lineOf(edu()), lineOf(disk())].sort());
  platform.refuseBind = true;
  const [first] = strict.functions;
  assert.ok(first !== undefined);
  assert.throws(() => strict.establish(first), /panic: bind_pirq/);
});
