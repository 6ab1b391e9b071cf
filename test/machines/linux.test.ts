/** The machine `linux` on a sysfs tree of files, beside this host's real one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import type { RegionInfo } from '../../src/function/index.js';
import { parseResourceFile } from '../../src/machines/linux/resource-file.js';
import { notations, OpenslotError } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-sysfs-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;
const NVME = notations.hex.parse('0000:00:08.0');

/** A bus with one nvme, bound or not, and the drivers' files; writes land in plain files. */
function saved(name: string, driver?: string): string {
  const root = join(folder, name);
  const device = join(root, 'devices', '0000:00:08.0');
  mkdirSync(device, { recursive: true });
  for (const each of ['nvme', 'pciback']) {
    mkdirSync(join(root, 'drivers', each), { recursive: true });
    for (const file of ['bind', 'unbind']) writeFileSync(join(root, 'drivers', each, file), '');
  }
  for (const file of ['new_slot', 'remove_slot', 'slots'])
    writeFileSync(join(root, 'drivers', 'pciback', file), '');
  const config = Buffer.alloc(256);
  config.writeUInt32LE(0x0010_1b36, 0);
  config.writeUInt32LE(0x0108_0202, 8);
  const files: Record<string, string | Buffer> = {
    config,
    uevent: 'PCI_CLASS=10802\nPCI_ID=1B36:0010\nPCI_SUBSYS_ID=1AF4:1100\n',
    revision: '0x02\n',
    irq: '11\n',
    reset_method: 'flr bus\n',
    reset: '',
    enable: '0\n',
    driver_override: '(null)\n',
    resource:
      '0x00000000febd0000 0x00000000febd3fff 0x0000000000140204\n' +
      '0x0000000000000000 0x0000000000000000 0x0000000000000000\n'.repeat(6),
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(device, file), content);
  if (driver !== undefined) symlinkSync(join(root, 'drivers', driver), join(device, 'driver'));
  return root;
}

describe('a saved sysfs tree', () => {
  test('enumerates with what sysfs says', () => {
    const machine = new LinuxMachine({ root: saved('list', 'nvme') });
    const [only, ...others] = machine.list();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [
        String(only?.address),
        only?.vendor,
        only?.device,
        only?.subsystemVendor,
        only?.subsystemDevice,
        only?.classCode,
        only?.revision,
        only?.driver,
        only?.headerType,
      ],
      ['0000:00:08.0', 0x1b36, 0x0010, 0x1af4, 0x1100, 0x010802, 2, 'nvme', 0],
    );
  });

  test('the header layout, and what cannot be read of configuration space', () => {
    const root = saved('shown');
    const path = join(root, 'devices/0000:00:08.0/config');
    const seen = (config: Buffer | undefined) => {
      rmSync(path, { force: true });
      if (config !== undefined) writeFileSync(path, config);
      const [only] = new LinuxMachine({ root }).list();
      return [only?.headerType, ...(only?.unreadable ?? []).map(({ what, why }) => `${what}: ${why}`)];
    };
    const bridge = Buffer.alloc(4096);
    bridge[0x0e] = 0x81;
    assert.deepEqual(seen(bridge), [1]);
    assert.deepEqual(seen(bridge.subarray(0, 256)), [1]);
    assert.deepEqual(seen(bridge.subarray(0, 64)), [
      1,
      'capabilities: the kernel shows 64 bytes of configuration space without CAP_SYS_ADMIN; run as root',
    ]);
    assert.deepEqual(seen(Buffer.alloc(0)), [0]);
    assert.deepEqual(seen(undefined), [0, 'configuration space: ENOENT']);
  });

  test('opens configuration space, regions and reset methods', async () => {
    const root = saved('open');
    const machine = new LinuxMachine({ root });
    using fn = machine.open(NVME);
    assert.equal(fn.config.size, 256);
    assert.equal(fn.config.read(2, 2), 0x0010);
    fn.config.write(0x3c, 1, 0xab);
    assert.equal(readFileSync(join(root, 'devices/0000:00:08.0/config'))[0x3c], 0xab);
    assert.deepEqual(fn.regions, [
      { index: 0, kind: 'memory', size: 0x4000, address: 0xfebd_0000n, prefetchable: false, wide: true },
    ]);
    assert.deepEqual(fn.resetMethods, ['flr', 'bus']);
    assert.equal(fn.interruptLine, 11);
    assert.equal(await fn.reset(), 'flr');
    assert.equal(readFileSync(join(root, 'devices/0000:00:08.0/reset'), 'utf8'), '1');
    fn.setEnabled(true);
    assert.equal(readFileSync(join(root, 'devices/0000:00:08.0/enable'), 'utf8'), '1');
  });

  test('a function that is closed has closed its regions and opens no others; one without its files leaves none open', () => {
    const root = saved('close');
    const device = join(root, 'devices/0000:00:08.0');
    writeFileSync(join(device, 'resource0'), Buffer.alloc(0x4000));
    const machine = new LinuxMachine({ root });
    const fn = machine.open(NVME);
    fn.openRegion(0).close();
    const region = fn.openRegion(0);
    region.write32(8, 7);
    assert.equal(region.read32(8), 7);
    fn.close();
    assert.throws(() => region.read32(8), code('REGION_CLOSED'));
    assert.throws(() => fn.openRegion(0), code('FUNCTION_CLOSED'));
    const before = readdirSync('/proc/self/fd').length;
    rmSync(join(device, 'resource'));
    assert.throws(() => machine.open(NVME), { code: 'ENOENT' });
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });

  test('binding: lists the slot for xen-pciback, and refuses what did not take', async () => {
    const root = saved('bind');
    const { drivers } = new LinuxMachine({ root });
    // Plain files bind nothing: the check at the end must notice.
    await assert.rejects(drivers.bind(NVME, 'pciback'), code('DRIVER_REFUSED'));
    assert.equal(readFileSync(join(root, 'drivers/pciback/new_slot'), 'utf8'), '0000:00:08.0');
    assert.equal(readFileSync(join(root, 'drivers/pciback/bind'), 'utf8'), '0000:00:08.0');
    await assert.rejects(drivers.bind(NVME, 'vfio-pci'), code('DRIVER_NOT_LOADED'));
    await drivers.setOverride(NVME, 'pciback');
    assert.equal(drivers.binding(NVME).override, 'pciback');
    assert.deepEqual([drivers.has('pciback'), drivers.has('vfio-pci')], [true, false]);
  });

  test('no PCI at all, no such function', () => {
    assert.throws(
      () => new LinuxMachine({ root: join(folder, 'nothing') }).list(),
      code('SYSFS_UNAVAILABLE'),
    );
    const machine = new LinuxMachine({ root: saved('absent') });
    assert.throws(() => machine.open(notations.hex.parse('00:09.0')), code('FUNCTION_NOT_FOUND'));
  });
});

/** One line as the kernel writes it ("0x%016llx 0x%016llx 0x%016llx"). */
function resourceLine(...numbers: readonly [start: bigint, end: bigint, flags: number]): string {
  return numbers.map((number) => `0x${number.toString(16).padStart(16, '0')}`).join(' ');
}

/** A region's slot: what the kernel says of it, and its line. Sizes are powers of two, and addresses multiples of them. */
const placed = fc
  .record({
    kind: fc.constantFrom('io' as const, 'memory' as const),
    power: fc.integer({ min: 2, max: 44 }),
    place: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    prefetchable: fc.boolean(),
    wide: fc.boolean(),
    unset: fc.boolean(),
    // The register's own low bits, and flags that say nothing of the region.
    noise: fc.nat(0xff),
    sized: fc.boolean(),
  })
  .map(({ kind, power, place, prefetchable, wide, unset, noise, sized }) => {
    const size = 1n << BigInt(power);
    const start = place - (place % size);
    const flags =
      (kind === 'io' ? 0x100 : 0x200) |
      (prefetchable ? 0x2000 : 0) |
      (wide ? 0x10_0000 : 0) |
      (unset ? 0x2000_0000 : 0) |
      (sized ? 0x4_0000 : 0) |
      noise;
    const region = { kind, size: Number(size), address: unset ? 0n : start, prefetchable, wide };
    return { region, line: resourceLine(start, start + size - 1n, flags) };
  });
const absent = fc.constant({ region: undefined, line: resourceLine(0n, 0n, 0) });

describe('the file `resource`', () => {
  test('property: of any text it makes regions that a function can have', async () => {
    const number = fc
      .bigInt({ min: 0n, max: (1n << 66n) - 1n })
      .chain((value) => fc.constantFrom(`0x${value.toString(16)}`, value.toString(16), `0x-${value}`));
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(number, { minLength: 2, maxLength: 4 }).map((numbers) => numbers.join(' ')),
      fc
        .tuple(fc.nat(), fc.nat(), fc.nat())
        .map(([start, end, flags]) => resourceLine(BigInt(start), BigInt(end), flags)),
      placed.map((slot) => slot.line),
    );
    const text = fc
      .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom('\n', '\r\n', ' '))
      .map(([lines, end]) => lines.join(end));
    let found = 0;
    const property = fc.property(fc.oneof(fc.string({ unit: 'binary' }), text), (content) => {
      const regions = parseResourceFile(content);
      found += regions.length;
      const indexes = regions.map(({ index }) => index);
      assert.equal(new Set(indexes).size, indexes.length);
      for (const { index, size, address } of regions) {
        assert.ok(Number.isInteger(index) && index >= 0 && index <= 6, `index ${index}`);
        assert.ok(Number.isInteger(size) && size > 0, `size ${size}`);
        assert.ok(address >= 0n, `address ${address}`);
      }
    });
    await checkProperty('resource-file: any text gives possible regions', property, { numRuns: 500 });
    assert.ok(found > 0, 'no text had a region');
  });

  test('property: what the kernel writes is read back, and what follows the seven lines is not', async () => {
    const slots = fc.array(fc.oneof(placed, absent), { maxLength: 17 });
    const property = fc.property(slots, fc.boolean(), (all, ended) => {
      const expected = all
        .slice(0, 7)
        .flatMap(({ region }, index): RegionInfo[] => (region === undefined ? [] : [{ index, ...region }]));
      const text = all.map(({ line }) => line).join('\n') + (ended ? '\n' : '');
      assert.deepEqual(parseResourceFile(text), expected);
    });
    await checkProperty('resource-file: regions round-trip', property, { numRuns: 300 });
  });

  test('takes I/O, memory, prefetchable, 64-bit, ROM; skips empty and malformed lines', () => {
    const text = [
      '0x000000000000c040 0x000000000000c05f 0x0000000000040101',
      'nonsense',
      '0x00000000e0000000 0x00000000efffffff 0x000000000014220c',
      '0x0000000000000000 0x0000000000000000 0x0000000000000000',
      '0x0000000000000000 0x0000000000000fff 0x0000000020040200',
      '',
      '0x00000000feb00000 0x00000000feb7ffff 0x0000000000046200',
      '0x00000000fea00000 0x00000000feafffff 0x0000000000140204',
    ].join('\n');
    assert.deepEqual(parseResourceFile(text), [
      { index: 0, kind: 'io', size: 0x20, address: 0xc040n, prefetchable: false, wide: false },
      { index: 2, kind: 'memory', size: 0x1000_0000, address: 0xe000_0000n, prefetchable: true, wide: true },
      { index: 4, kind: 'memory', size: 0x1000, address: 0n, prefetchable: false, wide: false },
      { index: 6, kind: 'memory', size: 0x8_0000, address: 0xfeb0_0000n, prefetchable: true, wide: false },
    ]);
  });

  test('takes the ports of a legacy IDE controller, one of which is alone', () => {
    const text = [
      '0x00000000000001f0 0x00000000000001f7 0x0000000000000110',
      '0x00000000000003f6 0x00000000000003f6 0x0000000000000110',
      '0x0000000000000000 0x0000000000000000 0x0000000000000110',
    ].join('\n');
    const port = { kind: 'io', prefetchable: false, wide: false };
    assert.deepEqual(parseResourceFile(text), [
      { ...port, index: 0, size: 8, address: 0x1f0n },
      { ...port, index: 1, size: 1, address: 0x3f6n },
    ]);
  });
});

test('this host: the same functions, ids and classes as lspci -n', (context) => {
  let text: string;
  try {
    text = execFileSync('lspci', ['-Dn'], { encoding: 'utf8' });
  } catch {
    context.skip('lspci is not installed');
    return;
  }
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const ours = new LinuxMachine().list().map(({ address, classCode, vendor, device, revision }) => {
    const rev = revision === 0 ? '' : ` (rev ${hex(revision, 2)})`;
    return `${address} ${hex(classCode >>> 8, 4)}: ${hex(vendor, 4)}:${hex(device, 4)}${rev}`;
  });
  assert.deepEqual(
    ours,
    text.split('\n').filter((line) => line !== ''),
  );
  context.diagnostic(`${ours.length} functions agree`);
});
