/** Claim and release on a host with Xen: quarantine, and what libxl remembers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostClaims } from '../../src/admin/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { disk } from '../function/shapes.js';
import { SimulatedHost } from '../function/simulated-host.js';
import { MemoryPlatform } from '../xen/memory-platform.js';
import { treeText } from '../xen/store/tree-text.js';

const DISK = disk().address;
const KEY = '/libxl/pci/0000-00-08-0';
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

function host(driver: string) {
  const machine = new SimulatedHost(disk());
  machine.drivers.start(DISK, driver);
  const platform = new MemoryPlatform();
  const pool = new Pool(machine, new MemoryJournal());
  return {
    drivers: machine.drivers,
    platform,
    pool,
    claims: new HostClaims(pool, machine.drivers, platform),
  };
}

test('a claim quarantines and tells libxl; a release undoes both', async () => {
  const { claims, platform, drivers } = host('nvme');
  assert.deepEqual(await claims.claim(DISK), {
    address: DISK,
    holder: 'pciback',
    formerDriver: 'nvme',
    quarantined: true,
  });
  assert.equal(platform.server.read(`${KEY}/driver_path`), '/sys/bus/pci/drivers/nvme');
  await claims.release(DISK);
  assert.deepEqual(platform.assigned, ['quarantine 0000:00:08.0', 'unquarantine 0000:00:08.0']);
  assert.equal(treeText(platform.server).includes('libxl/pci'), false);
  assert.equal(drivers.binding(DISK).driver, 'nvme');
});

test('what xl claimed can be released: libxl remembers the driver', async () => {
  const { claims, platform, drivers } = host('pciback');
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  await claims.release(DISK);
  assert.equal(drivers.binding(DISK).driver, 'nvme');
});

test('what libxl gave to a guest is neither claimed nor released, whoever serves that guest', async () => {
  const { claims, platform, drivers, pool } = host('pciback');
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  await platform.store.write(`${KEY}/domid`, '7');
  await assert.rejects(claims.claim(DISK), code('FUNCTION_TAKEN'));
  await assert.rejects(claims.release(DISK), code('FUNCTION_TAKEN'));
  assert.deepEqual([drivers.log, pool.list()], [[], []]);
});

test('a quarantine that Xen refuses undoes the claim; what stood with its holder stays there', async () => {
  for (const [driver, steps] of [
    [
      'nvme',
      ['override pciback', 'unbind', 'bind pciback', 'override none', 'unbind', 'override none', 'bind nvme'],
    ],
    ['pciback', []],
  ] as const) {
    const { claims, platform, drivers, pool } = host(driver);
    platform.assignment.quarantine = () => {
      throw new Error('no IOMMU');
    };
    await assert.rejects(claims.claim(DISK), /no IOMMU/);
    assert.deepEqual(drivers.log, steps);
    assert.equal(drivers.binding(DISK).driver, driver);
    assert.deepEqual(pool.list(), []);
  }
});
