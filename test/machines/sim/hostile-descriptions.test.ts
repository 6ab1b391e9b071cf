/** Descriptions of machines that are none, in any way: refused as such, or a machine that works, and soon. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_MACHINE,
  MachineDescriptionError,
  parseMachine,
  SimMachine,
  type MachineDescription,
} from '../../../src/machines/sim/index.js';
import { checkProperty } from '../../kept-seeds.js';

/** Makes the machine and looks at all of it. @returns undefined when it is refused as a description. */
function attempt(describeIt: () => MachineDescription): number | undefined {
  try {
    using machine = new SimMachine(describeIt(), { clock: 'manual' });
    const functions = machine.list();
    for (const { address } of functions) {
      using fn = machine.open(address);
      fn.config.read(0, 4);
      for (const { index, address: at } of fn.regions) {
        if (at === 0n) continue;
        using region = fn.openRegion(index);
        region.read8(0);
      }
    }
    machine.clock.advance(100_000);
    return functions.length;
  } catch (error) {
    assert.ok(error instanceof MachineDescriptionError, String(error));
    return undefined;
  }
}

function chain(bridges: number): string {
  let bus = 'bus: []';
  for (let count = 1; count < bridges; count++) bus = `bus: [{slot: "00", bridge: {}, ${bus}}]`;
  return `roots: [{slots: [{slot: "00", bridge: {}, ${bus}}]}]`;
}

describe('a description that', () => {
  for (const [what, text] of [
    ['has brackets without end', '['.repeat(100_000)],
    ['has brackets with an end', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['has maps without end', '{a: '.repeat(100_000)],
    ['has lists in lists', '- '.repeat(200_000)],
    [
      'goes down line by line',
      Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    ],
    ['asks questions', '? '.repeat(200_000)],
    ['is a bridge behind two thousand', chain(2000)],
    ['holds itself', '&a {roots: [*a]}'],
    ['has a bus that is behind itself', 'roots: [{slots: &s [{slot: "00", bridge: {}, bus: *s}]}]'],
    [
      'has an option that holds itself',
      'roots: [{slots: [{slot: "00", model: nvme, options: &o {size: *o}}]}]',
    ],
    ['is too long', `#${'x'.repeat(2 ** 20)}`],
    ['is nothing', ''],
    ['is two', 'roots: []\n---\nroots: []'],
    ['has a prototype', '__proto__: {roots: []}\nroots: [{slots: []}]'],
    ['names a kind of the language’s own', 'roots: [{slots: [{slot: "00", model: constructor}]}]'],
  ] as const) {
    test(`${what} is refused as a description`, () => {
      assert.equal(
        attempt(() => parseMachine(text)),
        undefined,
      );
    });
  }

  test('has as many buses in a row as there can be is a machine', () => {
    assert.equal(
      attempt(() => parseMachine(chain(255))),
      255,
    );
  });

  test('has three thousand domains is a machine', () => {
    const roots = Array.from({ length: 3000 }, (_, domain) => ({
      domain,
      slots: [{ slot: '00', model: 'clearing' }],
    }));
    assert.equal(
      attempt(() => ({ roots })),
      3000,
    );
  });

  test('is an object deeper than any text, or has more parts, is refused as a description', () => {
    let deep: object = {};
    for (let depth = 0; depth < 100_000; depth++) deep = { bus: [deep] };
    let twice: unknown[] = [];
    for (let depth = 0; depth < 64; depth++) twice = [twice, twice];
    for (const part of [deep, twice])
      assert.equal(
        attempt(() => ({ roots: [{ slots: part }] }) as unknown as MachineDescription),
        undefined,
      );
  });
});

describe('whatever is done to', () => {
  const words = fc.constantFrom(
    ...[
      'roots',
      'slots',
      'slot',
      'bridge',
      'bus',
      'model',
      'options',
      'functions',
      'driver',
      'faults',
      'fault',
    ],
    ...[
      'regions',
      'address',
      'memory',
      'lines',
      'domain',
      'edu',
      'nvme',
      'multi',
      'testdev',
      '"00"',
      '"1f.7"',
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      ': ',
      ', ',
      '- ',
      '\n',
      '  ',
      '\t',
      '"',
      "'",
      '#',
      '&a',
      '*a',
      '!!int',
      '|',
      '>',
      '<<',
    ],
    ...['0', '-1', '1e400', '0x80000000', '.inf', 'null', 'true', '~', '__proto__', '\0', '\u2028', '\ud800'],
  );
  const change = fc.record({ at: fc.nat(2000), cut: fc.nat(20), put: fc.array(words, { maxLength: 4 }) });

  test('the text of a machine, it is refused or it is a machine', async () => {
    let machines = 0;
    await checkProperty(
      'sim: changed texts of descriptions',
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let text = DEFAULT_MACHINE;
        for (const { at, cut, put } of changes) {
          const from = at % text.length;
          text = text.slice(0, from) + put.join('') + text.slice(from + cut);
        }
        if (attempt(() => parseMachine(text)) !== undefined) machines++;
      }),
      { numRuns: 600 },
    );
    assert.ok(machines > 0, 'some changes leave a machine');
  });

  test('the data of a machine, it is refused or it is a machine', async () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 70 }),
      fc.constantFrom(
        4096,
        0x10_0000,
        0x8000_0000,
        0xffff_f000,
        2 ** 32,
        2 ** 52,
        2 ** 53 - 1,
        0.5,
        NaN,
        Infinity,
      ),
    );
    const any = fc.oneof(
      {
        weight: 1,
        arbitrary: fc.anything({ withBigInt: true, withNullPrototype: true, withTypedArray: true }),
      },
      { weight: 2, arbitrary: number },
    );
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
      fc.oneof<[fc.WeightedArbitrary<T>, fc.WeightedArbitrary<unknown>]>(
        { weight: 200, arbitrary },
        { weight: 1, arbitrary: any },
      );
    const fault = fc.oneof(
      fc.record({ fault: maybe(fc.constantFrom('hung_reset', 'unresponsive', 'removed')) }),
      fc.record(
        { fault: fc.constant('interrupt_storm'), vector: maybe(fc.nat(3)), every: maybe(fc.constant(1000)) },
        { requiredKeys: ['fault'] },
      ),
      fc.record({ fault: fc.constant('wrong_dma'), offset: maybe(number) }),
      fc.record({ fault: fc.constant('model'), name: maybe(fc.constantFrom('factorial', 'x')) }),
    );
    const place = maybe(fc.constantFrom(0x8000_0000, 0x8010_0000, 0x9000_0000, 0x1000, 2 ** 36));
    const own = {
      driver: maybe(fc.constantFrom('edu', 'nvme', 'pciback', 'vfio-pci')),
      regions: maybe(fc.dictionary(fc.constantFrom('0', '2'), fc.record({ address: place }), { maxKeys: 1 })),
      faults: maybe(fc.array(maybe(fault), { maxLength: 2 })),
    };
    const { slot } = fc.letrec<{ slot: unknown }>((tie) => {
      const slotText = maybe(fc.constantFrom('00', '01', '02.0', '03.1', '1f.7', '0a'));
      const slots = maybe(fc.array(tie('slot'), { maxLength: 3 }));
      const window = fc.record({ base: number, limit: number });
      return {
        slot: fc.oneof(
          { depthSize: 'small', maxDepth: 3 },
          fc.record(
            {
              slot: slotText,
              model: maybe(fc.constantFrom('edu', 'nvme', 'multi', 'testdev', 'clearing', 'vectors')),
              options: maybe(
                fc.dictionary(
                  fc.constantFrom('size', 'queues', 'block', 'serial', 'dma_mask', 'latency', 'vectors'),
                  any,
                  {
                    maxKeys: 2,
                  },
                ),
              ),
              functions: maybe(
                fc.dictionary(fc.constantFrom('1', '3'), fc.record(own, { requiredKeys: [] })),
              ),
              ...own,
            },
            { requiredKeys: ['slot', 'model'] },
          ),
          fc.record({
            slot: slotText,
            bridge: maybe(
              fc.record(
                { secondary: maybe(fc.integer({ min: 1, max: 255 })), memory: window, io: window },
                { requiredKeys: [] },
              ),
            ),
            bus: slots,
          }),
        ),
      };
    });
    const machine = fc.record(
      {
        memory: maybe(fc.constantFrom(4096, 0x10_0000, 0x1000_0000)),
        lines: maybe(fc.integer({ min: 4, max: 64 })),
        drivers: maybe(fc.array(fc.string({ maxLength: 8 }), { maxLength: 2 })),
        roots: maybe(
          fc.array(
            fc.record(
              {
                domain: maybe(fc.nat(3)),
                bus: maybe(fc.nat(255)),
                slots: maybe(fc.array(slot, { maxLength: 4 })),
              },
              { requiredKeys: ['slots'] },
            ),
            { minLength: 1, maxLength: 2 },
          ),
        ),
      },
      { requiredKeys: ['roots'] },
    );
    let machines = 0;
    await checkProperty(
      'sim: descriptions of any data',
      fc.property(machine, (value) => {
        if (attempt(() => value as unknown as MachineDescription) !== undefined) machines++;
      }),
      { numRuns: 1500 },
    );
    assert.ok(machines > 0, 'some of them are machines');
  });
});
