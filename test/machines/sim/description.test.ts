/** Machine descriptions: what is accepted and assigned, and what is refused, with its place. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readVpd } from '../../../src/function/index.js';
import { notations } from '../../../src/pci/index.js';
import {
  DEFAULT_MACHINE,
  MachineDescriptionError,
  parseMachine,
  SimMachine,
  type MachineDescription,
} from '../../../src/machines/sim/index.js';
import { FULL_SHAPE, ProbeKind } from './probe.js';

function machineOf(text: string): SimMachine {
  return new SimMachine(parseMachine(text), { kinds: [new ProbeKind()], clock: 'manual' });
}

function refused(text: string): MachineDescriptionError {
  try {
    machineOf(text);
  } catch (error) {
    assert.ok(error instanceof MachineDescriptionError, String(error));
    assert.equal(error.code, 'MACHINE_DESCRIPTION');
    return error;
  }
  assert.fail('was accepted');
}

function regionsOf(machine: SimMachine, address: string) {
  using fn = machine.open(notations.hex.parse(address));
  return fn.regions.map(({ index, address: at }) => [index, Number(at)]);
}

describe('machine description', () => {
  test('the default machine has bridges with edu and nvme, several functions, and drivers', () => {
    using machine = new SimMachine();
    const list = machine
      .list()
      .map(({ address, vendor, device, driver }) => [
        String(address),
        `${vendor.toString(16)}:${device.toString(16)}`,
        driver,
      ]);
    assert.deepEqual(list, [
      ['0000:00:01.0', '1b36:1', undefined],
      ['0000:00:02.0', '1b36:1', undefined],
      ['0000:00:03.0', '1234:5110', 'gpio'],
      ['0000:00:03.1', '1234:5111', 'timer'],
      ['0000:00:03.3', '1234:5113', undefined],
      ['0000:00:04.0', '1234:5100', undefined],
      ['0000:00:05.0', '1234:5101', undefined],
      ['0000:01:00.0', '1234:11e8', 'edu'],
      ['0000:02:00.0', '1b36:10', 'nvme'],
    ]);
    for (const driver of ['edu', 'nvme', 'testdev', 'gpio', 'timer', 'pciback', 'vfio-pci']) {
      assert.ok(machine.drivers.has(driver), driver);
    }
    assert.equal(parseMachine(DEFAULT_MACHINE).roots.length, 1);
  });

  test('JSON is taken, and so is an object', () => {
    const description: MachineDescription = { roots: [{ slots: [{ slot: '02', model: 'testdev' }] }] };
    const one = machineOf(JSON.stringify(description));
    const two = new SimMachine(description, { clock: 'manual' });
    assert.deepEqual(one.list(), two.list());
  });

  test('slots are taken as they are written, quoted or not', () => {
    const machine = machineOf(
      'roots: [{slots: [{slot: 10, model: testdev}, {slot: 01.0, model: testdev}, {slot: 1e.0, model: testdev}]}]',
    );
    assert.deepEqual(
      machine.list().map(({ address }) => String(address)),
      ['0000:00:01.0', '0000:00:10.0', '0000:00:1e.0'],
    );
  });

  test('addresses and windows that are given are kept, the rest is put beside them', () => {
    const machine = machineOf(`
      roots:
        - slots:
            - slot: "01"
              bridge:
                secondary: 5
                memory: {base: 0x90000000, limit: 0x902fffff}
                io: {base: 0xd000, limit: 0xdfff}
              bus:
                - {slot: "00", model: probe, regions: {0: {address: 0x90000000}, 1: {address: 0xd100}}}
                - {slot: "01", model: probe}
            - {slot: "02", model: probe, regions: {2: {address: 0x1000000000}}}
    `);
    assert.deepEqual(regionsOf(machine, '05:00.0').slice(0, 2), [
      [0, 0x9000_0000],
      [1, 0xd100],
    ]);
    assert.deepEqual(regionsOf(machine, '05:01.0').slice(0, 2), [
      [0, 0x9000_4000],
      [1, 0xd000],
    ]);
    assert.deepEqual(regionsOf(machine, '00:02.0'), [
      [0, 0x8000_0000],
      [1, 0x1000],
      [2, 0x10_0000_0000],
    ]);
    using bridge = machine.open(notations.hex.parse('00:01.0'));
    assert.equal(bridge.config.read(0x20, 4), 0x9020_9000);
    assert.equal(bridge.config.read(0x1c, 2), 0xd0d0);
  });

  test('a window that is not given covers the addresses that are given behind it', () => {
    const machine = machineOf(`
      roots:
        - slots:
            - slot: "01"
              bridge: {}
              bus:
                - slot: "00"
                  bridge: {}
                  bus: [{slot: "00", model: probe, regions: {0: {address: 0xa0204000}}}, {slot: "01", model: probe}]
            - {slot: "02", model: probe}
    `);
    using outer = machine.open(notations.hex.parse('00:01.0'));
    using inner = machine.open(notations.hex.parse('01:00.0'));
    for (const bridge of [outer, inner]) assert.equal(bridge.config.read(0x20, 4), 0xa020_a020);
    assert.deepEqual(regionsOf(machine, '02:01.0')[0], [0, 0xa020_0000]);
    for (const address of ['02:00.0', '02:01.0', '00:02.0']) {
      using fn = machine.open(notations.hex.parse(address));
      assert.equal(fn.openRegion(0).read32(0), 0, address);
    }
  });

  test('a bridge with nothing behind it passes nothing', () => {
    const machine = machineOf('roots: [{slots: [{slot: "01", bridge: {}, bus: []}]}]');
    using bridge = machine.open(notations.hex.parse('00:01.0'));
    const window = (base: number, limit: number) =>
      bridge.config.read(base, 2) > bridge.config.read(limit, 2);
    assert.ok(window(0x20, 0x22) && window(0x24, 0x26));
    assert.ok(bridge.config.read(0x1c, 1) > bridge.config.read(0x1d, 1));
  });

  test('a function that has a driver and faults from the start', () => {
    const machine = machineOf(`
      roots:
        - slots:
            - slot: "02"
              model: multi
              driver: gpio
              faults: [{fault: removed}]
              functions: {1: {driver: timer}}
    `);
    assert.deepEqual(
      machine.list().map(({ address, driver }) => [String(address), driver]),
      [
        ['0000:00:02.1', 'timer'],
        ['0000:00:02.3', undefined],
      ],
    );
  });

  const REFUSALS: readonly (readonly [string, string, string, RegExp])[] = [
    ['text that is no YAML', 'roots: [{slots: [}', 'the description', /no YAML/],
    ['nothing', '', 'the description', /expected object/],
    ['no root', 'roots: []', 'roots', />=1/],
    ['a word that does not belong there', 'roots: [{slots: []}]\nclock: 5', 'the description', /clock/],
    [
      'a slot that is none',
      'roots: [{slots: [{slot: "20", model: edu}]}]',
      'roots[0].slots[0].slot',
      /hexadecimal/,
    ],
    [
      'a slot without anything',
      'roots: [{slots: [{slot: "02"}]}]',
      'roots[0].slots[0].model',
      /expected string/,
    ],
    [
      'both a model and a bridge',
      'roots: [{slots: [{slot: "02", model: edu, bridge: {}, bus: []}]}]',
      'roots[0].slots[0]',
      /model/,
    ],
    [
      'a model that nobody knows',
      'roots: [{slots: [{slot: "02", model: vax}]}]',
      'roots[0].slots[0].model',
      /no device kind is named vax/,
    ],
    [
      'an option that the kind does not have',
      'roots: [{slots: [{slot: "02", model: edu, options: {colour: red}}]}]',
      'roots[0].slots[0].options',
      /device edu, option colour/,
    ],
    [
      'a slot twice',
      'roots: [{slots: [{slot: "02", model: edu}, {slot: "02.0", model: testdev}]}]',
      'roots[0].slots[1].slot',
      /02\.0 is taken already, by edu/,
    ],
    [
      'a function under another one’s',
      'roots: [{slots: [{slot: "02", model: multi}, {slot: "02.3", model: testdev}]}]',
      'roots[0].slots[1].slot',
      /02\.3 is taken already, by multi/,
    ],
    [
      'no function 0',
      'roots: [{slots: [{slot: "02.1", model: edu}]}]',
      'roots[0].slots[0].slot',
      /no function 0/,
    ],
    [
      'a device whose functions have no place',
      'roots: [{slots: [{slot: "02", model: edu}, {slot: "02.6", model: multi}]}]',
      'roots[0].slots[1].slot',
      /function 3 of multi has no place/,
    ],
    [
      'a function that the device does not have',
      'roots: [{slots: [{slot: "02", model: multi, functions: {2: {driver: x}}}]}]',
      'roots[0].slots[0].functions.2',
      /no function 2/,
    ],
    [
      'function 0 in the wrong place',
      'roots: [{slots: [{slot: "02", model: multi, functions: {0: {driver: x}}}]}]',
      'roots[0].slots[0].functions.0',
      /at the device itself/,
    ],
    [
      'a region that the function does not have',
      'roots: [{slots: [{slot: "02", model: edu, regions: {3: {address: 0x80000000}}}]}]',
      'roots[0].slots[0].regions.3',
      /no region 3/,
    ],
    [
      'bus numbers of roots that clash',
      'roots: [{bus: 1, slots: []}, {bus: 0, slots: [{slot: "01", bridge: {}, bus: []}]}]',
      'roots[1].bus',
      /clash/,
    ],
    [
      'a secondary bus number that is taken',
      'roots: [{slots: [{slot: "01", bridge: {}, bus: []}, {slot: "02", bridge: {secondary: 1}, bus: []}]}]',
      'roots[0].slots[1].bridge.secondary',
      /bus 1 clashes/,
    ],
    [
      'BARs over each other',
      `roots: [{slots: [{slot: "02", model: probe, regions: {0: {address: 0x80000000}}},
                        {slot: "03", model: probe, regions: {0: {address: 0x80000000}}}]}]`,
      'roots[0].slots[1].regions.0.address',
      /overlaps BAR 0 of probe/,
    ],
    [
      'windows over each other',
      `roots: [{slots: [{slot: "01", bridge: {memory: {base: 0x80000000, limit: 0x801fffff}}, bus: []},
                        {slot: "02", bridge: {memory: {base: 0x80100000, limit: 0x802fffff}}, bus: []}]}]`,
      'roots[0].slots[1].bridge.memory',
      /overlaps the memory window of the bridge at 0x80000000 to 0x801fffff/,
    ],
    [
      'a BAR outside of its bridge’s window',
      `roots: [{slots: [{slot: "01", bridge: {memory: {base: 0x80000000, limit: 0x800fffff}},
                         bus: [{slot: "00", model: probe, regions: {0: {address: 0x80100000}}}]}]}]`,
      'roots[0].slots[0].bus[0].regions.0.address',
      /lies outside/,
    ],
    [
      'a window that is too small for what is behind it',
      `roots: [{slots: [{slot: "01", bridge: {memory: {base: 0x80000000, limit: 0x800fffff}},
                         bus: [{slot: "00", model: edu}, {slot: "01", model: edu}]}]}]`,
      'roots[0].slots[0].bus[1]',
      /does not fit/,
    ],
    [
      'a window of half a granule',
      'roots: [{slots: [{slot: "01", bridge: {memory: {base: 0x80080000, limit: 0x800fffff}}, bus: []}]}]',
      'roots[0].slots[0].bridge.memory',
      /multiples of 1048576/,
    ],
    [
      'a BAR that is not aligned',
      'roots: [{slots: [{slot: "02", model: probe, regions: {0: {address: 0x80001000}}}]}]',
      'roots[0].slots[0].regions.0.address',
      /not aligned/,
    ],
    [
      'a fault that does not exist',
      'roots: [{slots: [{slot: "02", model: edu, faults: [{fault: fire}]}]}]',
      'roots[0].slots[0].faults[0].fault',
      /./,
    ],
    [
      'a fault of another kind',
      'roots: [{slots: [{slot: "02", model: testdev, faults: [{fault: model, name: factorial}]}]}]',
      'roots[0].slots[0].faults[0]',
      /testdev has no fault factorial/,
    ],
    [
      'a storm of a vector that is not there',
      'roots: [{slots: [{slot: "02", model: edu, faults: [{fault: interrupt_storm, vector: 1}]}]}]',
      'roots[0].slots[0].faults[0]',
      /no vector 1: it has 1/,
    ],
    ['memory of half a page', 'memory: 0x1800\nroots: [{slots: []}]', 'memory', /multiple of/],
  ];
  for (const [what, text, where, why] of REFUSALS) {
    test(`refuses ${what}`, () => {
      const error = refused(text);
      assert.equal(error.where, where, error.message);
      assert.match(error.why, why);
      if (text !== '') assert.equal(typeof error.evidence['line'], 'number', 'the line is known');
    });
  }

  test('vital product data is as a device holds it, and what no device can hold is refused', () => {
    const text = (vpd: string, model = 'nvme') =>
      `roots: [{slots: [{slot: "01", model: ${model}, vpd: ${vpd}}]}]`;
    using machine = machineOf(text('{name: Ö, readOnly: {PN: A}, readWrite: {YA: B}}'));
    using fn = machine.open(notations.hex.parse('00:01.0'));
    const list = [0x90, 8, 0, 0x50, 0x4e, 1, 0x41, 0x52, 0x56, 1];
    const before = [0x82, 2, 0, 0xc3, 0x96, ...list];
    const checksum = -before.reduce((sum, byte) => sum + byte, 0) & 0xff;
    assert.deepEqual(
      readVpd(fn, undefined),
      Uint8Array.of(...before, checksum, 0x91, 4, 0, 0x59, 0x41, 1, 0x42, 0x78),
    );
    for (const [vpd, why] of [
      ['{readOnly: {pn: A}}', /two capitals or digits/],
      ['{readOnly: {RV: A}}', /made by the machine/],
      [`{readWrite: {YA: ${'Ö'.repeat(128)}}}`, /255 bytes/],
      [`{name: ${'A'.repeat(0x8000 - 7)}}`, /32768 bytes/],
      ['{writable: {}}', /writable/],
    ] as const)
      assert.match(refused(text(vpd)).message, why, vpd.slice(0, 40));
    const shape = { ...FULL_SHAPE, places: { pm: 0x40, msi: 0x50, msix: 0x70 } };
    assert.throws(
      () => new SimMachine(parseMachine(text('{}', 'probe')), { kinds: [new ProbeKind({ full: [shape] })] }),
      /probe says where its capabilities stand/,
    );
    using _largest = machineOf(text(`{name: ${'A'.repeat(0x8000 - 11)}}`));
  });

  test('a refusal tells the line of what it refuses', () => {
    const error = refused(
      [
        'roots:',
        '  - slots:',
        '      - slot: "01"',
        '        model: edu',
        '      - slot: "02"',
        '        model: vax',
      ].join('\n'),
    );
    assert.equal(error.evidence['line'], 6);
    assert.match(error.message, /^line 6, roots\[0\]\.slots\[1\]\.model: /);
    assert.match(error.next, /edu/);
  });

  test('an object has no lines, and is refused all the same', () => {
    const bad = {
      roots: [{ slots: [{ slot: '02', model: 'edu', drivers: 'x' }] }],
    } as unknown as MachineDescription;
    assert.throws(
      () => new SimMachine(bad),
      (error: unknown) =>
        error instanceof MachineDescriptionError &&
        error.where === 'roots[0].slots[0]' &&
        !('line' in error.evidence),
    );
  });

  test('a bomb of aliases is refused', () => {
    let text = 'a0: &a0 [x, x]\n';
    for (let level = 1; level < 30; level++)
      text += `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]\n`;
    assert.throws(() => parseMachine(text), MachineDescriptionError);
  });

  test('256 buses are one too many', () => {
    const bridges = Array.from(
      { length: 256 },
      (_, index) => `{slot: "${(index >> 3).toString(16)}.${index & 7}", bridge: {}, bus: []}`,
    );
    const error = refused(`roots: [{slots: [${bridges.join(', ')}]}]`);
    assert.match(error.why, /no bus number is left/);
  });
});
