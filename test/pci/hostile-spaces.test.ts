/** Any configuration space is decoded, and shown by every face: no throw, no end that never comes, no access that is none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkConfigAccess } from '../../src/function/config-access.js';
import type { Capture } from '../../src/function/index.js';
import {
  decodeFunction,
  ExtendedCapabilityId,
  PciAddress,
  presentRegisters,
  presentTables,
  walkCapabilities,
  walkExtendedCapabilities,
  type ConfigReader,
  type PciNames,
} from '../../src/pci/index.js';
import { ConfigurationNames, selectReadable } from '../../src/proto/program/index.js';
import { functionLines } from '../../src/cli/function-text.js';
import { differencesBetween, explain, Topology, treeLines, treeOf } from '../../src/look/index.js';
import { lspciText, PLAIN } from '../../src/look/lspci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { hostileSpace } from './hostile-spaces.js';

/** The most capabilities of a space that is made here, each of which may reach to the end of it. */
const MOST_READS = 28 * 4096;

/** Refuses what is no access of configuration space, and counts. */
class StrictReader implements ConfigReader {
  readonly size: number;
  readonly #view: DataView;
  reads = 0;

  constructor(bytes: Uint8Array) {
    this.size = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(offset: number, width: 1 | 2 | 4): number {
    checkConfigAccess('read', offset, width, this.size);
    assert.ok(++this.reads <= MOST_READS, 'it reads without an end');
    if (width === 4) return this.#view.getUint32(offset, true);
    return width === 2 ? this.#view.getUint16(offset, true) : this.#view.getUint8(offset);
  }
}

const nameless = () => undefined;
const NO_NAMES: PciNames = {
  ...{ vendor: nameless, device: nameless, subsystem: nameless },
  ...{ baseClass: nameless, subclass: nameless, programmingInterface: nameless },
};
const AT = new PciAddress(0, 0, 1, 0);

function factsOf(reader: ConfigReader) {
  return {
    summary: undefined,
    regions: [],
    resetMethods: [],
    interruptLine: undefined,
    decoded: decodeFunction(reader),
    vpd: undefined,
    findings: [],
  };
}

function captureOf(config: Uint8Array): Capture {
  const nothing = undefined;
  const fn = {
    ...{ address: AT, config, regions: nothing, driver: nothing, modules: [], interruptLine: nothing },
    ...{ numaNode: nothing, iommuGroup: nothing, label: nothing, physicalSlot: nothing },
    ...{ resetMethods: nothing, vpd: nothing, pool: nothing, unreadable: [] },
  };
  return { machine: 'a dump', taken: undefined, functions: [fn] };
}

/** What each does with a space; it must not throw. */
const faces: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  decoder: (bytes) => {
    const { header, capabilities } = decodeFunction(new StrictReader(bytes));
    const places = new Set(capabilities.map(({ list, offset }) => `${list} ${offset}`));
    assert.equal(places.size, capabilities.length, 'no place is told twice');
    for (const register of [...header, ...capabilities.flatMap(({ registers }) => registers)])
      assert.equal(register.readable, register.offset + register.width <= bytes.length, register.name);
  },
  'walks of the lists': (bytes) => {
    for (const walk of [walkCapabilities, walkExtendedCapabilities]) {
      const reader = new StrictReader(bytes);
      assert.ok(walk(reader).findings.length <= 1);
      assert.ok(reader.reads <= 3 + 2 + bytes.length / 4);
    }
  },
  'present registers': (bytes) => {
    if (bytes.length < 64) return;
    for (const { name, offset, width } of presentRegisters(new StrictReader(bytes)))
      assert.ok(offset + width <= bytes.length, name);
  },
  'names of get and set': (bytes) => {
    const names = new ConfigurationNames(new StrictReader(bytes));
    const labels = presentTables(new StrictReader(bytes)).map(({ label }) => label);
    for (const label of labels) selectReadable([], label, names);
    names.bitsAt(4, 4);
  },
  show: (bytes) => {
    functionLines(AT, factsOf(new StrictReader(bytes)), { bits: false, names: undefined });
  },
  'show of vital product data': (bytes) => {
    functionLines(AT, { ...factsOf(new StrictReader(bytes)), vpd: bytes }, { bits: false, names: undefined });
  },
  'show --bits': (bytes) => {
    functionLines(AT, factsOf(new StrictReader(bytes)), { bits: true, names: undefined });
  },
  'lspci -vvvxxxx': (bytes) => {
    lspciText(captureOf(bytes), NO_NAMES, { ...PLAIN, verbosity: 3, hex: 4 });
  },
  'tree and explain': (bytes) => {
    const topology = new Topology(captureOf(bytes));
    treeLines(treeOf(topology, { names: NO_NAMES }), { ranges: true });
    explain(topology, AT);
  },
  diff: (bytes) => {
    differencesBetween(captureOf(bytes), captureOf(bytes.map((byte, at) => (at > 0x20 ? ~byte : byte))));
  },
  'lspci -vmm': (bytes) => {
    lspciText(captureOf(bytes), NO_NAMES, { ...PLAIN, verbosity: 1, machine: 2 });
  },
};

describe('any configuration space', () => {
  for (const [name, face] of Object.entries(faces)) {
    test(`is no fault of ${name}`, async () => {
      await checkProperty(
        `spaces: no fault of ${name}`,
        fc.property(hostileSpace, (bytes) => {
          face(bytes);
        }),
      );
    });
  }

  test('the shortest and the emptiest', () => {
    for (const face of Object.values(faces))
      for (let size = 0; size <= 72; size++)
        for (const value of [0, 0xff]) face(new Uint8Array(size).fill(value));
  });

  test('with a capability in every second dword has no more registers told than there is room for', () => {
    const { mmioLocator, ide, aer, vc } = ExtendedCapabilityId;
    for (const id of [mmioLocator, ide, aer, vc]) {
      const bytes = new Uint8Array(4096).fill(0xff);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, 0x1234_8086, true);
      for (let at = 0x100; at < 4096; at += 8)
        view.setUint32(at, (id | 0x1_0000 | ((at + 8 < 4096 ? at + 8 : 0) << 20)) >>> 0, true);
      const reader = new StrictReader(bytes);
      const { capabilities, findings } = decodeFunction(reader);
      const widths = capabilities.flatMap(({ registers }) => registers.map(({ width }) => width));
      const told = widths.reduce((sum: number, width) => sum + width, 0);
      // The last one is told whole, and reaches as far as a space does.
      assert.ok(told >= 4096 && told < 3 * 4096, `${told} bytes of 0x${id.toString(16)}`);
      assert.equal(capabilities.length, (4096 - 0x100) / 8);
      const overlap = findings.filter(({ code }) => code === 'CAPABILITY_OVERLAP');
      assert.equal(overlap.length, 1);
      assert.ok(reader.reads < 4 * 4096, `${reader.reads} reads`);
    }
  });
});
