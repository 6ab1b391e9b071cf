/** Claim and release on a host with Xen: quarantine, and what libxl remembers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostClaims } from '../../src/admin/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { disk } from '../function/shapes.js';
import { LocalHost } from '../xen/local-host.js';
import { treeText } from '../xen/store/tree-text.js';

const DISK = disk().address;
const KEY = '/libxl/pci/0000-00-08-0';
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

/** A host whose disk has this driver: its own, or the holder that another tool has given it to. */
function hostWith(driver: 'nvme' | 'pciback') {
  const host = new LocalHost([disk()]);
  const { machine, pool, platform, server } = host;
  machine.drivers.start(DISK, driver);
  return {
    drivers: machine.drivers,
    platform,
    pool,
    server,
    claims: new HostClaims(pool, machine, platform),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

test('a claim quarantines and tells libxl; a release undoes both', async () => {
  await using host = hostWith('nvme');
  const { claims, platform, drivers } = host;
  assert.deepEqual(await claims.claim(DISK), {
    address: DISK,
    holder: 'pciback',
    formerDriver: 'nvme',
    quarantined: true,
  });
  assert.equal(host.server.read(`${KEY}/driver_path`), '/sys/bus/pci/drivers/nvme');
  await claims.release(DISK);
  assert.deepEqual(platform.assigned, ['quarantine 0000:00:08.0', 'unquarantine 0000:00:08.0']);
  assert.equal(treeText(host.server).includes('libxl/pci'), false);
  assert.equal(drivers.binding(DISK).driver, 'nvme');
});

test('what xl claimed can be released: libxl remembers the driver', async () => {
  await using host = hostWith('pciback');
  const { claims, platform, drivers } = host;
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  await claims.release(DISK);
  assert.equal(drivers.binding(DISK).driver, 'nvme');
});

test('what libxl gave to a guest is neither claimed nor released, whoever serves that guest', async () => {
  await using host = hostWith('pciback');
  const { claims, platform, drivers, pool } = host;
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
      [
        ...['override pciback', 'unbind', 'bind pciback', 'override none'],
        ...['override pciback', 'unbind', 'override none', 'bind nvme'],
      ],
    ],
    ['pciback', []],
  ] as const) {
    await using host = hostWith(driver);
    const { claims, platform, drivers, pool } = host;
    platform.failing = { call: 'quarantine', errno: 'ENODEV' };
    await assert.rejects(claims.claim(DISK), code('XEN_CALL_FAILED'));
    assert.deepEqual(drivers.log, steps);
    assert.equal(drivers.binding(DISK).driver, driver);
    assert.deepEqual(pool.list(), []);
  }
});
