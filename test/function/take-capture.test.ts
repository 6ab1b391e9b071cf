/** Captures of the simulated machine: all that its functions and its board say, and what cannot be read. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  captureMachine,
  ConfigAccessError,
  FunctionNotFoundError,
  type ConfigSpace,
  type Machine,
} from '../../src/function/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { decodeVpd, notations, vpdText } from '../../src/pci/index.js';

const BOARD = `
roots:
  - numaNode: 1
    slots:
      - slot: "01"
        bridge: {}
        bus:
          - {slot: "00", model: nvme, driver: nvme, label: Fast disk, physicalSlot: "7"}
      - {slot: "02", model: testdev}
`;
const DISK = notations.hex.parse('01:00.0');

describe('a capture of a machine', () => {
  test('has what the functions tell and what the board says', () => {
    using sim = new SimMachine(parseMachine(BOARD), { clock: 'manual' });
    const pool = { state: 'taken', guest: 'guest 3' };
    const capture = captureMachine(sim, { pool: (address) => (address.equals(DISK) ? pool : undefined) });
    assert.equal(capture.machine, 'sim');
    assert.ok(capture.taken !== undefined);
    assert.deepEqual(
      capture.functions.map(({ address, numaNode, driver, label }) => [
        String(address),
        numaNode,
        driver,
        label,
      ]),
      [
        ['0000:00:01.0', 1, undefined, undefined],
        ['0000:00:02.0', 1, undefined, undefined],
        ['0000:01:00.0', 1, 'nvme', 'Fast disk'],
      ],
    );
    const disk = capture.functions[2];
    assert.ok(disk !== undefined);
    using fn = sim.open(DISK);
    assert.equal(disk.config.length, 4096);
    for (let offset = 0; offset < 4096; offset += 4)
      assert.equal(Buffer.from(disk.config).readUInt32LE(offset), fn.config.read(offset, 4));
    assert.deepEqual(disk.regions, fn.regions);
    assert.deepEqual(disk.resetMethods, fn.resetMethods);
    assert.equal(disk.interruptLine, fn.interruptLine);
    assert.equal(disk.physicalSlot, '7');
    assert.deepEqual(disk.modules, ['nvme']);
    assert.deepEqual(disk.pool, pool);
    assert.deepEqual(disk.unreadable, []);
    assert.notEqual(disk.iommuGroup, undefined);
  });

  test('is of the functions that were named, and of no others', () => {
    using sim = new SimMachine(parseMachine(BOARD), { clock: 'manual' });
    const { functions } = captureMachine(sim, { addresses: [DISK, DISK] });
    assert.deepEqual(
      functions.map(({ address }) => String(address)),
      ['0000:01:00.0'],
    );
    const absent = notations.hex.parse('05:00.0');
    assert.throws(() => captureMachine(sim, { addresses: [DISK, absent] }), FunctionNotFoundError);
  });

  test('has product data that nobody else may be reading, and the reason where it has none', () => {
    using sim = new SimMachine(
      parseMachine(`
roots:
  - slots:
      - {slot: "01", model: nvme, vpd: {name: Disk, readOnly: {PN: D-1, SN: "7"}, readWrite: {YA: mine}}}
      - {slot: "02", model: nvme, driver: nvme, vpd: {name: Driven}}
      - {slot: "03", model: testdev}
      - {slot: "04", model: multi, vpd: {}, functions: {1: {vpd: {name: Guest}}}}
`),
      { clock: 'manual' },
    );
    const writes: string[] = [];
    const watched = sim
      .list()
      .map(({ address }) =>
        sim.watchConfig(address, ({ offset, width }) => writes.push(`${address} ${offset}/${width}`)),
      );
    const guests = notations.hex.parse('00:04.1');
    const { functions } = captureMachine(sim, {
      user: ({ address, driver }) => (address.equals(guests) ? 'guest 3' : driver && `driver ${driver}`),
    });
    const found = functions.map(({ address, vpd, unreadable }) => {
      const resources = vpd === undefined ? [] : decodeVpd(vpd).resources;
      const texts = resources.flatMap((one) =>
        one.kind === 'name'
          ? [vpdText(one.bytes)]
          : one.fields.map(
              ({ keyword, kind, bytes }) => `${keyword} ${kind === 'text' ? vpdText(bytes) : kind}`,
            ),
      );
      assert.deepEqual(vpd === undefined ? [] : decodeVpd(vpd).findings, []);
      const why = unreadable.map((one) => `${one.what}: ${one.why.replace(/^.*read: /, '')}`);
      return [notations.shortHex.format(address), ...texts, ...why];
    });
    const refused = (user: string) =>
      `vital product data: ${user} has the function, and may use the same registers`;
    assert.deepEqual(found, [
      ['00:01.0', 'Disk', 'PN D-1', 'SN 7', 'RV checksum', 'YA mine'],
      ['00:02.0', refused('driver nvme')],
      ['00:03.0'],
      ['00:04.0', 'RV checksum'],
      ['00:04.1', refused('guest 3')],
      ['00:04.3'],
    ]);
    const touched = new Set(writes.map((write) => write.replace(/ .*/, '')));
    assert.deepEqual([...touched], ['0000:00:01.0', '0000:00:04.0']);
    writes.length = 0;
    captureMachine(sim, { vpd: false });
    assert.deepEqual(writes, []);
    for (const watch of watched) watch[Symbol.dispose]();
  });

  test('writes nothing where configuration space cannot be written', () => {
    using sim = new SimMachine(
      parseMachine('roots: [{slots: [{slot: "01", model: nvme, vpd: {name: Disk}}]}]'),
      { clock: 'manual' },
    );
    const machine: Machine = {
      name: 'a reader',
      capabilities: { ...sim.capabilities, configWrite: false },
      list: () => sim.list(),
      open: (address) => sim.open(address),
      [Symbol.dispose]: () => undefined,
    };
    const writes: number[] = [];
    using _watch = sim.watchConfig(notations.hex.parse('00:01.0'), ({ offset }) => writes.push(offset));
    const [disk] = captureMachine(machine).functions;
    assert.equal(disk?.vpd, undefined);
    assert.match(disk?.unreadable[0]?.why ?? '', /^VPD_UNREADABLE: .*a reader cannot write the register/);
    assert.deepEqual(writes, []);
  });

  test('keeps what cannot be read as a reason, and is none where nothing can', () => {
    using sim = new SimMachine(parseMachine(BOARD), { clock: 'manual' });
    /** The same machine, with a disk whose configuration space answers up to `end`. */
    const until = (end: number, others = true): Machine => ({
      name: sim.name,
      capabilities: sim.capabilities,
      list: () => sim.list().filter(({ address }) => others || address.equals(DISK)),
      open: (address) => {
        const fn = sim.open(address);
        if (!address.equals(DISK)) return fn;
        const config: ConfigSpace = {
          size: fn.config.size,
          read: (offset, width) => {
            if (offset < end) return fn.config.read(offset, width);
            throw new ConfigAccessError('CONFIG_REFUSED', { operation: 'read', offset, width }, 'EIO');
          },
          write: () => undefined,
        };
        return new Proxy(fn, {
          get: (target, key) => {
            if (key === 'config') return config;
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        });
      },
      [Symbol.dispose]: () => undefined,
    });
    const [, , cut] = captureMachine(until(256)).functions;
    assert.equal(cut?.config.length, 256);
    assert.match(cut?.unreadable[0]?.what ?? '', /^configuration space from 0x100 on$/);
    const [, , silent] = captureMachine(until(0)).functions;
    assert.equal(silent?.config.length, 0);
    assert.equal(silent?.driver, 'nvme');
    assert.match(silent?.unreadable[0]?.why ?? '', /^CONFIG_REFUSED: .*EIO/);
    assert.throws(() => captureMachine(until(0, false)), { code: 'CONFIG_REFUSED' });
  });
});
