/** The tree of a machine: bridges above what is behind them, and what is said of each function. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CapturedFunction } from '../../src/function/index.js';
import { Topology, treeLines, treeOf } from '../../src/look/index.js';
import { header1 } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { SOUND, SUBJECTS } from './explain/subjects.js';
import { madeFunction, madeSpace } from './made-function.js';

const lines = (functions: readonly CapturedFunction[], ranges = false) =>
  treeLines(treeOf(new Topology({ functions })), { ranges });

/** A bridge at an address, which leads to a bus. */
const bridge = (address: string, secondary: number) =>
  madeFunction(
    address,
    madeSpace({
      header: header1,
      values: {
        'class.base': 6,
        'class.subclass': 4,
        'type.layout': 1,
        secondary_bus: secondary,
        subordinate_bus: secondary,
      },
    }),
  );

describe('the tree of a machine', () => {
  test('hangs functions below the bridge that leads to them, with links, drivers and groups', () => {
    assert.deepEqual(lines(SOUND), [
      '0000:00',
      '└─ 00:01.0  PCI bridge to 01, 8 GT/s x4, group 1',
      '   └─ 01:00.0  Non-Volatile memory controller, 8 GT/s x4, driver nvme, group 2',
    ]);
  });

  test('says what a link could be, and where ranges are', () => {
    const { functions = [] } = SUBJECTS['LINK_LIMITED_BY_OTHER_END'] ?? {};
    assert.deepEqual(lines(functions, true), [
      '0000:00',
      '└─ 00:01.0  PCI bridge to 01, 8 GT/s x4, group 1',
      '   │          passes memory fe000000-fe0fffff',
      '   └─ 01:00.0  Non-Volatile memory controller, 8 GT/s x4 of 16 GT/s x4, driver nvme, group 2',
      '                 BAR0 memory fe000000-fe003fff',
    ]);
  });

  test('marks who has what', () => {
    const [port, drive] = SOUND;
    assert.ok(port !== undefined && drive !== undefined);
    const given = { ...drive, driver: 'pciback', pool: { state: 'taken', guest: 'guest 2' } };
    assert.match(lines([port, given]).at(-1) ?? '', /driver pciback, group 2, guest 2$/);
  });

  test('leaves nobody out, whatever the bus numbers say', async () => {
    const functions = fc.uniqueArray(fc.record({ bus: fc.nat(5), device: fc.nat(3), secondary: fc.nat(5) }), {
      selector: ({ bus, device }) => bus * 32 + device,
      maxLength: 16,
    });
    await checkProperty(
      'tree: every function stands in it once',
      fc.property(functions, (made) => {
        const all = made
          .map(({ bus, device, secondary }) => bridge(`0${bus}:0${device}.0`, secondary))
          .sort((a, b) => a.address.sbdf - b.address.sbdf);
        const shown = lines(all)
          .map((line) => /([0-9a-f]{2}:[0-9a-f]{2}\.\d) {2}/.exec(line)?.[1])
          .filter((address) => address !== undefined);
        assert.deepEqual(shown.sort(), all.map(({ address }) => String(address).slice(5)).sort());
      }),
    );
  });
});
