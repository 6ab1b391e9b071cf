/** What other tools have taken from the host joins the pool as it stands: records alone are written, and there is a way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostClaims } from '../../src/admin/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { disk } from '../function/shapes.js';
import { LocalHost } from '../xen/local-host.js';
import { treeText } from '../xen/store/tree-text.js';

const DISK = disk().address;
const KEY = '/libxl/pci/0000-00-08-0';

function hostWith(driver: 'nvme' | 'pciback' | 'vfio-pci') {
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

test('what xl gave to a guest is adopted with its former driver, and the guest notices nothing', async () => {
  await using host = hostWith('pciback');
  const { claims, platform, drivers, pool } = host;
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  await platform.store.write(`${KEY}/domid`, '7');
  await platform.store.write('/local/domain/7/name', 'web');
  const before = treeText(host.server);

  const plan = await claims.adoption.plan();
  assert.deepEqual(plan.functions, [
    { address: DISK, holder: 'pciback', by: 'xl', formerDriver: 'nvme', takenBy: ['guest web (7)'] },
  ]);
  assert.deepEqual(pool.list(), [], 'a plan changes nothing');
  await claims.adoption.make(plan);
  assert.deepEqual(
    pool.list().map(({ address, holder }) => [address, holder]),
    [[DISK, 'pciback']],
  );
  assert.deepEqual([drivers.log, platform.assigned, treeText(host.server)], [[], [], before]);
  await assert.rejects(
    claims.release(DISK),
    (error: unknown) => error instanceof OpenslotError && error.code === 'FUNCTION_TAKEN',
  );
  assert.deepEqual((await claims.adoption.plan()).functions, [], 'it is ours now');

  await platform.store.remove(`${KEY}/domid`);
  await claims.release(DISK);
  assert.equal(drivers.binding(DISK).driver, 'nvme');
});

test('what was adopted is left as it stands, and can be adopted again', async () => {
  await using host = hostWith('pciback');
  const { claims, platform, drivers, pool } = host;
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  const before = treeText(host.server);
  await claims.adoption.make(await claims.adoption.plan());
  const back = claims.adoption.planLeaving();
  assert.equal(back.what, `adopt --give-back ${DISK}`);
  await claims.adoption.make(back);
  assert.deepEqual([pool.list(), drivers.log, treeText(host.server)], [[], [], before]);
  assert.equal((await claims.adoption.plan()).functions.length, 1);
});

test('what openslot claimed itself is not left to anybody, and what a driver of the host has is not adopted', async () => {
  await using host = hostWith('nvme');
  const { claims, pool } = host;
  assert.deepEqual((await claims.adoption.plan()).functions, []);
  await claims.claim(DISK);
  assert.deepEqual(claims.adoption.planLeaving().functions, []);
  assert.equal(pool.list().length, 1);
});

test('a function that driver_override gave to VFIO is told from one that ids gave', async () => {
  await using host = hostWith('vfio-pci');
  const { claims, drivers } = host;
  assert.equal((await claims.adoption.plan()).functions[0]?.by, 'ids');
  await drivers.setOverride(DISK, 'vfio-pci');
  const [found] = (await claims.adoption.plan()).functions;
  assert.deepEqual([found?.by, found?.formerDriver], ['driver_override', undefined]);
});
