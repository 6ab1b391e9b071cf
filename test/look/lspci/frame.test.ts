/** lspci's text around the capabilities: header lines, host facts, records for programs, trees, filters. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Capture, CapturedFunction, RegionInfo } from '../../../src/function/index.js';
import {
  FilterMalformedError,
  lspciText,
  parseDeviceFilter,
  parseSlotFilter,
  PLAIN,
  type LspciOptions,
} from '../../../src/look/lspci/index.js';
import { header0, header1, type PciNames } from '../../../src/pci/index.js';
import { madeFunction, madeSpace, type Values } from '../made-function.js';

/** Knows one vendor with one device, and one class. */
const NAMES: PciNames = {
  vendor: (vendor) => (vendor === 0x8086 ? 'Intel Corporation' : undefined),
  device: (vendor, device) => (vendor === 0x8086 && device === 0x1078 ? 'Gigabit "82541ER"' : undefined),
  subsystem: () => undefined,
  baseClass: (base) => (base === 2 ? 'Network controller' : base === 6 ? 'Bridge' : undefined),
  subclass: (code) => (code === 0x0200 ? 'Ethernet controller' : undefined),
  programmingInterface: (code) => (code === 0x060400 ? 'Normal decode' : undefined),
};

const ETHERNET: Values = { vendor: 0x8086, device: 0x1078, 'class.base': 2 };
const BRIDGE: Values = { vendor: 0x8086, device: 1, 'class.base': 6, 'class.subclass': 4, 'type.layout': 1 };

function device(address: string, values: Values = {}, told: Partial<CapturedFunction> = {}) {
  const config = madeSpace({ header: header0, values: { ...ETHERNET, ...values } });
  return madeFunction(address, config, { regions: undefined, ...told });
}

function bridge(address: string, values: Values = {}) {
  return madeFunction(address, madeSpace({ header: header1, values: { ...BRIDGE, ...values } }), {
    regions: undefined,
  });
}

function buses(secondary: number, subordinate: number): Values {
  return { secondary_bus: secondary, subordinate_bus: subordinate };
}

function text(functions: readonly CapturedFunction[], options: Partial<LspciOptions> = {}): string {
  const capture: Capture = { machine: 'test', taken: undefined, functions };
  return lspciText(capture, NAMES, { ...PLAIN, ...options });
}

function lines(fn: CapturedFunction, verbosity = 2): readonly string[] {
  return text([fn], { verbosity })
    .split('\n')
    .map((line) => line.trim());
}

describe('ids', () => {
  const functions = [
    device('00:00.0', { revision: 3 }),
    device('00:01.0', { device: 2, 'class.subclass': 0x80 }),
    device('00:02.0', { vendor: 0x1234, 'class.base': 0x77 }),
  ];

  test('as names, as numbers, as both', () => {
    assert.equal(
      text(functions),
      '00:00.0 Ethernet controller: Intel Corporation Gigabit "82541ER" (rev 03)\n' +
        '00:01.0 Network controller [0280]: Intel Corporation Device 0002\n' +
        '00:02.0 Class 7700: Device 1234:1078\n',
    );
    assert.equal(
      text(functions, { ids: 'numbers' }),
      '00:00.0 0200: 8086:1078 (rev 03)\n00:01.0 0280: 8086:0002\n00:02.0 7700: 1234:1078\n',
    );
    assert.equal(
      text(functions, { ids: 'both' }),
      '00:00.0 Ethernet controller [0200]: Intel Corporation Gigabit "82541ER" [8086:1078] (rev 03)\n' +
        '00:01.0 Network controller [0280]: Intel Corporation Device [8086:0002]\n' +
        '00:02.0 Class [7700]: Device [1234:1078]\n',
    );
  });

  test('quoted for programs, and tag by tag', () => {
    const [first = device('00:00.0')] = functions;
    assert.equal(
      text([first], { machine: 2 }),
      '00:00.0 "Ethernet controller" "Intel Corporation" "Gigabit \\"82541ER\\"" -r03 -p00 "" ""\n',
    );
    const told = device(
      '00:00.0',
      { subsystem_vendor: 0x1234 },
      { driver: 'e1000', modules: ['e1000', 'x'] },
    );
    const rows = text([told], { machine: 1, verbosity: 1, kernel: true }).split('\n');
    assert.deepEqual(rows.slice(0, 1), ['Device:\t00:00.0']);
    assert.deepEqual(rows.slice(4, 6), ['SVendor:\tUnknown vendor 1234', 'SDevice:\tDevice 0000']);
    assert.deepEqual(rows.slice(-5), ['Driver:\te1000', 'Module:\te1000', 'Module:\tx', '', '']);
  });

  test('a domain is written of all as soon as one is not 0, in records for programs of that one', () => {
    const two = [device('00:00.0'), device('0001:00:00.0')];
    assert.match(text(two), /^0000:00:00\.0 .*\n0001:/);
    assert.match(text(two, { machine: 2 }), /^00:00\.0 .*\n0001:/);
    assert.match(text(two.slice(0, 1), { domains: true }), /^0000:/);
  });
});

describe('regions', () => {
  test('as registers alone tell them: upper halves too, and 64 bits where no register is left', () => {
    const shown = lines(device('00:00.0', { bar0: 0xc001, bar1: 0xfe00_000c, bar2: 1, bar5: 4 }));
    assert.deepEqual(
      shown.filter((line) => line.startsWith('Region')),
      [
        'Region 0: I/O ports at c000 [disabled]',
        'Region 1: Memory at 1fe000000 (64-bit, prefetchable) [disabled]',
        'Region 2: I/O ports at <unassigned> [disabled]',
        'Region 5: Memory at <unassigned> (64-bit, non-prefetchable) [disabled]',
      ],
    );
  });

  test('as their host tells them: sizes, what a register ignores, what it does not have', () => {
    const region = (index: number, told: Partial<RegionInfo>): RegionInfo => ({
      index,
      kind: 'memory',
      size: 4096,
      address: 0n,
      prefetchable: false,
      wide: false,
      ...told,
    });
    const regions = [
      region(0, { address: 0x40_0000_0000n, wide: true, size: 512 << 10 }),
      region(2, {}),
      region(3, { kind: 'io', address: 0x1f0n, size: 8 }),
      region(6, { address: 0xc0000n, size: 128 << 10 }),
    ];
    const shown = lines(
      device(
        '00:00.0',
        { bar2: 0xfe00_0000, 'command.memory': 1 },
        { regions, interruptLine: 7, numaNode: 1 },
      ),
    );
    assert.deepEqual(
      shown.filter((line) => /^Region|ROM|NUMA|Interrupt/.test(line)),
      [
        'Interrupt: pin ? routed to IRQ 7',
        'NUMA node: 1',
        'Region 0: Memory at 4000000000 (64-bit, non-prefetchable) [virtual] [size=512K]',
        'Region 2: Memory at <ignored> (32-bit, non-prefetchable) [size=4K]',
        'Region 3: I/O ports at 01f0 [disabled] [size=8]',
        'Expansion ROM at 000c0000 [virtual] [disabled] [size=128K]',
      ],
    );
  });
});

describe('bridges', () => {
  test('windows: open, switched off, of a type that is none', () => {
    const values = { 'io_base.address': 0xc, 'io_limit.address': 0xd, 'memory_base.address': 0xfff };
    const fn = bridge('00:01.0', { ...values, 'prefetch_base.type': 2 });
    assert.deepEqual(
      lines(fn, 1).filter((line) => /bridge:|!!!/.test(line)),
      [
        'I/O behind bridge: c000-dfff [size=8K] [16-bit]',
        'Memory behind bridge: [disabled] [32-bit]',
        '!!! Unknown prefetchable memory range types 2/0',
      ],
    );
    assert.ok(lines(fn, 3).includes('Memory behind bridge: fff00000-000fffff [disabled] [32-bit]'));
  });

  test('a class that does not fit the layout, and a layout that is none', () => {
    assert.ok(
      lines(device('00:00.0', { 'class.base': 6, 'class.subclass': 4 })).includes(
        '!!! Invalid class 0604 for header type 00',
      ),
    );
    const unknown = device('00:00.0', { 'type.layout': 0x23, interrupt_line: 5 }, { driver: 'x' });
    assert.deepEqual(lines(unknown, 2).slice(1), [
      '!!! Unknown header type 23',
      'Interrupt: pin ? routed to IRQ 5',
      'Kernel driver in use: x',
      '',
      '',
    ]);
  });
});

describe('capability lists', () => {
  const chain = (...bytes: readonly (readonly [number, number])[]) => {
    const fn = device('00:00.0', { 'status.capabilities': 1, capabilities: 0x40 });
    for (const [offset, value] of bytes) fn.config[offset] = value;
    return fn;
  };
  const listed = (fn: CapturedFunction) => lines(fn).filter((line) => line.startsWith('Capabilities'));

  test('what no writer knows, a loop, a break, and what cannot be read', () => {
    assert.deepEqual(listed(chain([0x40, 0xfe], [0x41, 0x40])), [
      'Capabilities: [40] Capability ID 0xfe [0000]',
      'Capabilities: [40] <chain looped>',
    ]);
    assert.deepEqual(listed(chain([0x40, 0xff])), ['Capabilities: [40] <chain broken>']);
    const short = chain();
    assert.deepEqual(listed({ ...short, config: short.config.slice(0, 64) }), [
      'Capabilities: <access denied>',
    ]);
  });
});

describe('trees', () => {
  const functions = [
    device('00:00.0'),
    bridge('00:01.0', buses(1, 3)),
    bridge('01:00.0', buses(2, 2)),
    device('02:00.0'),
    device('02:00.1'),
    device('03:00.0'),
  ];

  test('bridges hold the buses of their ranges; several of them are named', () => {
    assert.equal(
      text(functions, { tree: true }),
      '-[0000:00]-+-00.0\n' +
        '           \\-01.0-[01-03]--+-[0000:01]---00.0-[02]--+-00.0\n' +
        '                           |                        \\-00.1\n' +
        '                           \\-[0000:03]---00.0\n',
    );
  });

  test('of a filter the way to what it selects, and nothing where it selects nothing', () => {
    assert.equal(
      text(functions, { tree: true, verbosity: 1, slot: parseSlotFilter('2:0.1') }),
      '-[0000:00]---01.0-[01-03]--[0000:01]---00.0-[02]----00.1  Intel Corporation Gigabit "82541ER"\n',
    );
    assert.equal(text(functions, { tree: true, slot: parseSlotFilter('9:') }), '-\n');
  });

  test('the way to a function stands before it', () => {
    const slots = text(functions, { path: 2 })
      .split('\n')
      .map((line) => line.split(' ')[0]);
    assert.deepEqual(slots.slice(2, 4), ['00:01.0/01:00.0', '00:01.0/01:00.0/02:00.0']);
  });

  test('bridges in a circle are followed once', () => {
    const circle = [
      bridge('01:00.0', buses(5, 5)),
      bridge('05:00.0', buses(1, 1)),
      bridge('07:00.0', buses(7, 9)),
    ];
    for (const options of [{ tree: true }, { path: 1 }, { tree: true, slot: parseSlotFilter('5:') }])
      assert.ok(text(circle, options).length < 1000);
  });
});

describe('filters', () => {
  const slots: readonly (readonly [string, readonly (number | undefined)[]])[] = [
    ['', [undefined, undefined, undefined, undefined]],
    ['3', [undefined, undefined, 3, undefined]],
    ['.1', [undefined, undefined, undefined, 1]],
    ['0a:', [undefined, 10, undefined, undefined]],
    ['1:*.*', [undefined, 1, undefined, undefined]],
    ['0x2::1f.7', [2, undefined, 31, 7]],
  ];
  test('of places', () => {
    for (const [written, [domain, bus, slot, fn]] of slots)
      assert.deepEqual(parseSlotFilter(written), { domain, bus, device: slot, function: fn }, written);
    for (const wrong of ['1:20', '1.8', '100:', '0:0:0:0', '1:1.3.', ' 1:1', 'zz', '+1:'])
      assert.throws(() => parseSlotFilter(wrong), FilterMalformedError, wrong);
  });

  test('of ids, with digits that may be any', () => {
    const functions = [device('00:00.0'), device('00:01.0', { 'class.subclass': 0x80 }), bridge('00:02.0')];
    const selected = (written: string) =>
      text(functions, { device: parseDeviceFilter(written), ids: 'numbers' }).match(/^\S+/gm) ?? [];
    assert.deepEqual(selected('8086:'), ['00:00.0', '00:01.0', '00:02.0']);
    assert.deepEqual(selected(':1'), ['00:02.0']);
    assert.deepEqual(selected('::02xx'), ['00:00.0', '00:01.0']);
    assert.deepEqual(selected('::X280:00'), ['00:01.0']);
    for (const wrong of ['8086', '12345:', '::0000:x0', '::0x0280', '8086:1:2:3:4', 'zz:'])
      assert.throws(() => parseDeviceFilter(wrong), FilterMalformedError, wrong);
  });
});
