/** Who shares what: pages against a brute force, wires behind bridges, and groups by Linux's rules where nobody tells them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  neighboursOf,
  surveyMachine,
  type RegionInfo,
  type Survey,
  type SurveyedFunction,
} from '../../src/function/index.js';
import { deriveGroups, type Isolation } from '../../src/function/isolation.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { notations, PciAddress } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const at = (text: string) => notations.hex.parse(text);

function surveyOf(description: string): Survey {
  using machine = new SimMachine(parseMachine(description), { clock: 'manual' });
  return surveyMachine(machine);
}

/** Addresses of the neighbours of each kind. */
function near(survey: Survey, address: string) {
  const neighbours = neighboursOf(survey, at(address));
  assert.ok(neighbours !== undefined);
  const texts = (functions: readonly SurveyedFunction[]) =>
    functions.map(({ summary }) => notations.shortHex.format(summary.address));
  return {
    line: texts(neighbours.line),
    pages: texts(neighbours.pages.map(({ other }) => other)),
    group: texts(neighbours.group),
    device: texts(neighbours.device),
  };
}

describe('a survey of the simulator', () => {
  test('lines: by their number, with what stands behind a bridge turned as the bridge turns it', () => {
    const survey = surveyOf(`
      lines: 8
      roots:
        - slots:
            - {slot: "03", model: edu}
            - {slot: "0b", model: edu}
            - {slot: "04", model: edu}
            - slot: "01"
              bridge: {}
              bus: [{slot: "00", model: edu}, {slot: "02", model: edu}]
            - {slot: "06", model: testdev}`);
    // Device 0x0b is eight places from 3; INTA of 01:02.0 is INTC of the bridge, on line 16 + 1 + 2.
    assert.deepEqual(near(survey, '00:03.0').line, ['00:0b.0', '01:02.0']);
    assert.deepEqual(near(survey, '01:02.0').line, ['00:03.0', '00:0b.0']);
    assert.deepEqual([near(survey, '00:04.0').line, near(survey, '00:06.0').line], [[], []]);
  });

  test('groups: the functions of a device, and all that has the requester id of its bridge', () => {
    const survey = surveyOf(`
      roots:
        - slots:
            - {slot: "03", model: multi}
            - {slot: "04", model: edu}
            - slot: "01"
              bridge: {aliases: true}
              bus:
                - {slot: "00", model: nvme}
                - slot: "01"
                  bridge: {}
                  bus: [{slot: "1f", model: nvme}]
            - slot: "02"
              bridge: {}
              bus: [{slot: "00", model: nvme}, {slot: "01", model: nvme}]`);
    assert.equal(survey.groups, 'told');
    assert.deepEqual(near(survey, '00:03.1').group, ['00:03.0', '00:03.3']);
    assert.deepEqual(near(survey, '00:03.1').device, ['00:03.0', '00:03.3']);
    assert.deepEqual(near(survey, '00:04.0').group, []);
    // The bridge that leads there is in the group, and nobody's to give.
    assert.deepEqual(near(survey, '01:00.0').group, ['02:1f.0']);
    assert.deepEqual(near(survey, '02:1f.0').group, ['01:00.0']);
    assert.deepEqual(near(survey, '03:00.0').group, []);
  });

  test('without an IOMMU nobody is in a group, and the machine does not say that it tells', () => {
    const survey = surveyOf('{iommu: false, roots: [{slots: [{slot: "01", model: edu}]}]}');
    assert.equal(survey.groups, 'derived');
    using machine = new SimMachine(parseMachine('{iommu: false, roots: [{slots: []}]}'));
    assert.deepEqual([machine.capabilities.iommuGroups, machine.host.translates], [false, false]);
  });
});

/** A function of a survey with memory regions at these addresses. */
function placed(
  index: number,
  regions: readonly (readonly [address: bigint, size: number])[],
): SurveyedFunction {
  const address = new PciAddress(0, 0, index, 0);
  const info = regions.map(([start, size], region): RegionInfo => ({
    index: region,
    kind: 'memory',
    size,
    address: start,
    prefetchable: false,
    wide: false,
  }));
  const summary = { address, headerType: 0 } as SurveyedFunction['summary'];
  return { summary, regions: info, resetMethods: [], line: undefined, wire: undefined, group: undefined };
}

describe('pages', () => {
  /** BARs as they stand: powers of two at multiples of themselves, here close together and often smaller than a page. */
  const bar = fc
    .record({ power: fc.integer({ min: 4, max: 15 }), place: fc.nat(0xffff) })
    .map(({ power, place }): readonly [bigint, number] => {
      const size = 1 << power;
      return [BigInt(0x10_0000 + place - (place % size)), size];
    });

  test('property: they are shared exactly where both have a byte', async () => {
    await checkProperty(
      'survey: pages are shared exactly where both have a byte',
      fc.property(fc.array(fc.array(bar, { maxLength: 3 }), { minLength: 2, maxLength: 5 }), (functions) => {
        const all = functions.map((regions, index) => placed(index, regions));
        const [first, ...others] = all;
        assert.ok(first !== undefined);
        const found = neighboursOf({ functions: all, groups: 'told' }, first.summary.address)?.pages ?? [];
        /** Every page in which a function has a byte, byte by byte. */
        const pagesOf = ([start, size]: readonly [bigint, number]) => {
          const pages = new Set<bigint>();
          for (let byte = 0; byte < size; byte += 16) pages.add((start + BigInt(byte)) >> 12n);
          return pages;
        };
        const expected = others.flatMap((other, index) =>
          (functions[0] ?? []).flatMap((mine, region) =>
            (functions[index + 1] ?? []).flatMap((theirs, otherRegion) => {
              const both = [...pagesOf(mine)].filter((page) => pagesOf(theirs).has(page));
              const [page] = both.sort((a, b) => Number(a - b));
              return page === undefined ? [] : [{ other, page: page << 12n, region, otherRegion }];
            }),
          ),
        );
        const key = (one: (typeof expected)[number]) =>
          `${one.other.summary.address} ${one.page} ${one.region} ${one.otherRegion}`;
        assert.deepEqual(found.map(key).sort(), expected.map(key).sort());
      }),
      { numRuns: 500 },
    );
  });

  test('ports, and regions without an address, are in no page', () => {
    const one = placed(0, [[0x1000n, 16]]);
    const other = placed(1, [[0x1000n, 16]]);
    const pagesWith = (region: Partial<RegionInfo>) => {
      const changed = { ...other, regions: other.regions.map((own) => ({ ...own, ...region })) };
      const survey: Survey = { functions: [one, changed], groups: 'told' };
      return neighboursOf(survey, one.summary.address)?.pages.length;
    };
    assert.deepEqual(
      [pagesWith({}), pagesWith({ kind: 'io' }), pagesWith({ address: 0n }), pagesWith({ size: 0 })],
      [1, 0, 0, 0],
    );
  });
});

describe('groups that nobody tells', () => {
  const CONVENTIONAL: Isolation = {
    secondary: undefined,
    multifunction: false,
    express: undefined,
    controlled: false,
    phantomBits: 0,
  };
  const ENDPOINT = { ...CONVENTIONAL, express: 0 };
  const ROOT_PORT = 4;

  /** Members of each group, by its number. */
  function groups(functions: Readonly<Record<string, Partial<Isolation>>>): readonly string[] {
    const placed = Object.entries(functions).map(([text, own]) => ({
      ...ENDPOINT,
      ...own,
      address: at(text),
    }));
    const above = ({ bus }: PciAddress) => placed.find(({ secondary }) => secondary === bus)?.address;
    const members: string[][] = [];
    for (const [sbdf, group] of deriveGroups(placed, above)) {
      const name = placed.find(({ address }) => address.sbdf === sbdf)?.address;
      (members[group] ??= []).push(name === undefined ? '' : notations.shortHex.format(name));
    }
    return members.map((group) => group.join(' '));
  }

  test('each function of a root bus stands alone; those of one device without access control do not', () => {
    assert.deepEqual(
      groups({
        '00:02.0': CONVENTIONAL,
        '00:03.0': { multifunction: true },
        '00:03.1': { multifunction: true },
        '00:04.0': { multifunction: true, controlled: true },
        '00:04.1': { multifunction: true, controlled: true },
        '00:04.2': { multifunction: true },
        '00:04.3': { multifunction: true },
      }),
      ['00:02.0', '00:03.0 00:03.1', '00:04.0', '00:04.1', '00:04.2 00:04.3'],
    );
  });

  test('behind a port: apart with access control on the whole way, together without', () => {
    const port = { express: ROOT_PORT, secondary: 1 };
    assert.deepEqual(groups({ '00:01.0': { ...port, controlled: true }, '01:00.0': {}, '01:01.0': {} }), [
      '00:01.0',
      '01:00.0',
      '01:01.0',
    ]);
    assert.deepEqual(groups({ '00:01.0': port, '01:00.0': {}, '01:01.0': {} }), ['00:01.0 01:00.0 01:01.0']);
    // A controlled switch below a port that is not: what it sends up comes straight back.
    assert.deepEqual(
      groups({
        '00:01.0': port,
        '01:00.0': { express: 5, secondary: 2 },
        '02:00.0': { express: 6, secondary: 3, controlled: true },
        '02:01.0': { express: 6, secondary: 4, controlled: true },
        '03:00.0': {},
        '04:00.0': {},
      }),
      ['00:01.0 01:00.0 02:00.0 02:01.0 03:00.0 04:00.0'],
    );
    // Ports that are functions of one device without access control: all that stands behind any of them.
    assert.deepEqual(
      groups({
        '00:1c.0': { ...port, multifunction: true },
        '00:1c.1': { ...port, secondary: 2, multifunction: true },
        '01:00.0': {},
        '02:00.0': {},
      }),
      ['00:1c.0 00:1c.1 01:00.0 02:00.0'],
    );
  });

  test('behind a bridge to conventional PCI all have its requester id, whatever the port above controls', () => {
    assert.deepEqual(
      groups({
        '00:01.0': { express: ROOT_PORT, secondary: 1, controlled: true },
        '01:00.0': { express: 7, secondary: 2 },
        '02:00.0': CONVENTIONAL,
        '02:01.0': CONVENTIONAL,
      }),
      ['00:01.0', '01:00.0 02:00.0 02:01.0'],
    );
  });

  test('a function whose phantom ids are those of others is one with them', () => {
    const on = { multifunction: true, controlled: true };
    const phantom = { ...on, phantomBits: 2 };
    // Two bits: function 0 also speaks as 2, 4 and 6.
    assert.deepEqual(groups({ '00:03.0': phantom, '00:03.1': on, '00:03.4': on }), [
      '00:03.0 00:03.4',
      '00:03.1',
    ]);
  });
});
