/** Random histories of attach and detach: after each step the hypervisor, the store and the pool tell the same story. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grantsOf } from '../../src/admin/grants.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { disk, edu, testdev } from '../function/shapes.js';
import { lineOf, type PlacedShape } from '../function/simulated-host.js';
import { checkProperty } from '../kept-seeds.js';
import { AttachedHost, spec, target } from './attached-host.js';

const SHAPES: readonly PlacedShape[] = [
  disk(),
  edu(),
  testdev(),
  // Two whose registers share a page, and whose interrupts share a line.
  small(new PciAddress(0, 0, 1, 0), 0xfe00_0000n),
  small(new PciAddress(0, 0, 9, 0), 0xfe00_0800n),
];

function small(address: PciAddress, base: bigint): PlacedShape {
  return {
    ...testdev(address),
    pin: 1,
    regions: [{ index: 0, kind: 'memory', size: 0x800, address: base, prefetchable: false, wide: false }],
  };
}

type Step =
  | { readonly what: 'attach' | 'detach'; readonly guest: 1 | 2; readonly which: number }
  | { readonly what: 'refuse'; readonly call: 'assign' | 'memory' | 'ports' | 'interrupt' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constantFrom('attach' as const, 'attach' as const, 'detach' as const),
      guest: fc.constantFrom(1 as const, 2 as const),
      which: fc.nat(SHAPES.length - 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('refuse' as const),
      call: fc.constantFrom(...(['assign', 'memory', 'ports', 'interrupt'] as const)),
    }),
  },
);

/** What a guest with these functions may reach: no more and no less. */
function expected(guest: number, shapes: readonly PlacedShape[]): string[] {
  const entries = new Set<string>();
  for (const shape of shapes) {
    const { memory, ports, pirq } = grantsOf({ regions: shape.regions, interruptLine: lineOf(shape) });
    for (const [kind, runs] of [
      ['memory', memory],
      ['port', ports],
    ] as const)
      for (const { first, count } of runs)
        for (let number = first; number < first + count; number++)
          entries.add(`${guest} ${kind} ${number.toString(16)}`);
    if (pirq !== undefined) entries.add(`${guest} pirq ${pirq.toString(16)}`);
    entries.add(`${guest} function ${shape.address}`);
  }
  return [...entries];
}

async function play(steps: readonly Step[]): Promise<void> {
  await using host = await AttachedHost.start({ shapes: SHAPES });
  const before = host.pciKeys();
  for (const guest of [1, 2]) await host.running(guest);
  const has = new Map<PlacedShape, number>();
  for (const one of steps) {
    if (one.what === 'refuse') {
      host.tools.failing = { call: one.call, errno: 'EPERM' };
      continue;
    }
    const shape = SHAPES[one.which] ?? disk();
    const text = String(shape.address);
    try {
      if (one.what === 'attach') {
        await host.attachments.attach(`guest${one.guest}`, spec(text));
        assert.equal(has.has(shape), false, `${text} was given twice`);
        has.set(shape, one.guest);
      } else {
        const { unsettled } = await host.attachments.detach(`guest${one.guest}`, target(text));
        assert.deepEqual(
          [has.get(shape), unsettled.filter((what) => !what.includes('reset'))],
          [one.guest, []],
        );
        has.delete(shape);
      }
    } catch (error) {
      assert.ok(error instanceof OpenslotError, String(error));
      assert.match(error.code, /^(FUNCTION_TAKEN|FUNCTION_NOT_ATTACHED|XEN_CALL_FAILED)$/, error.message);
    }
    const story = [1, 2].flatMap((guest) =>
      expected(
        guest,
        SHAPES.filter((other) => has.get(other) === guest),
      ),
    );
    assert.deepEqual(host.granted(), story.sort());
    assert.deepEqual(
      host.pool.list().map(({ state }) => state),
      [...SHAPES]
        .sort((a, b) => a.address.sbdf - b.address.sbdf)
        .map((other) => (has.has(other) ? 'taken' : 'free')),
    );
  }
  host.tools.failing = undefined;
  for (const [shape, guest] of has)
    await host.attachments.detach(String(guest), target(String(shape.address)));
  assert.deepEqual([host.granted(), host.pciKeys()], [[], before]);
}

test('property: whatever is attached, detached and refused, everybody has what he was given and no more', async () => {
  await checkProperty('attachments: histories', fc.asyncProperty(fc.array(step, { maxLength: 12 }), play), {
    numRuns: 40,
  });
});
