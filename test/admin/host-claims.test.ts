/** Claim and release on a host with Xen: quarantine, and what libxl remembers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostClaims } from '../../src/admin/index.js';
import { OpenslotError, type PciAddress } from '../../src/pci/index.js';
import type { Binding, HostDrivers, Machine } from '../../src/function/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { disk } from '../xen/devices.js';
import { LocalHost } from '../xen/local-host.js';
import { treeText } from '../xen/store/tree-text.js';

const DISK = disk().address;
const KEY = '/libxl/pci/0000-00-08-0';
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

/** Keeps each step that changed something at the host's drivers. */
class LoggedDrivers implements HostDrivers {
  readonly log: string[] = [];
  readonly #behind: HostDrivers;

  constructor(behind: HostDrivers) {
    this.#behind = behind;
  }

  binding(address: PciAddress): Binding {
    return this.#behind.binding(address);
  }

  has(driver: string): boolean {
    return this.#behind.has(driver);
  }

  async unbind(address: PciAddress): Promise<void> {
    if (this.binding(address).driver === undefined) return;
    await this.#behind.unbind(address);
    this.log.push('unbind');
  }

  async bind(address: PciAddress, driver: string): Promise<void> {
    await this.#behind.bind(address, driver);
    this.log.push(`bind ${driver}`);
  }

  async setOverride(address: PciAddress, driver: string | undefined): Promise<void> {
    await this.#behind.setOverride(address, driver);
    this.log.push(`override ${driver ?? 'none'}`);
  }
}

/** A host whose disk has this driver: its own, or the holder that another tool has given it to. */
class ClaimingHost extends LocalHost {
  readonly drivers = new LoggedDrivers(this.machine.drivers);
  readonly members = new Pool(this.#machineWithLog(), new MemoryJournal());
  readonly claims = new HostClaims(this.members, this.drivers, this.platform);

  static async start(driver: 'nvme' | 'pciback'): Promise<ClaimingHost> {
    const host = new ClaimingHost([{ ...disk(), driver: 'nvme' }]);
    const { drivers } = host.machine;
    if (driver === 'pciback') {
      await drivers.unbind(DISK);
      await drivers.bind(DISK, driver);
    }
    return host;
  }

  #machineWithLog(): Machine & { readonly drivers: HostDrivers } {
    const { machine, drivers } = this;
    return {
      name: machine.name,
      capabilities: machine.capabilities,
      drivers,
      list: () => machine.list(),
      open: (address) => machine.open(address),
      [Symbol.dispose]: () => undefined,
    };
  }
}

test('a claim quarantines and tells libxl; a release undoes both', async () => {
  await using host = await ClaimingHost.start('nvme');
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
  await using host = await ClaimingHost.start('pciback');
  const { claims, platform, drivers } = host;
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  await claims.release(DISK);
  assert.equal(drivers.binding(DISK).driver, 'nvme');
});

test('what libxl gave to a guest is neither claimed nor released, whoever serves that guest', async () => {
  await using host = await ClaimingHost.start('pciback');
  const { claims, platform, drivers, members } = host;
  await platform.store.write(`${KEY}/driver_path`, '/sys/bus/pci/drivers/nvme');
  await platform.store.write(`${KEY}/domid`, '7');
  await assert.rejects(claims.claim(DISK), code('FUNCTION_TAKEN'));
  await assert.rejects(claims.release(DISK), code('FUNCTION_TAKEN'));
  assert.deepEqual([drivers.log, members.list()], [[], []]);
});

test('a quarantine that Xen refuses undoes the claim; what stood with its holder stays there', async () => {
  for (const [driver, steps] of [
    [
      'nvme',
      ['override pciback', 'unbind', 'bind pciback', 'override none', 'unbind', 'override none', 'bind nvme'],
    ],
    ['pciback', []],
  ] as const) {
    await using host = await ClaimingHost.start(driver);
    const { claims, platform, drivers, members } = host;
    platform.failing = { call: 'quarantine', errno: 'ENODEV' };
    await assert.rejects(claims.claim(DISK), code('XEN_CALL_FAILED'));
    assert.deepEqual(drivers.log, steps);
    assert.equal(drivers.binding(DISK).driver, driver);
    assert.deepEqual(members.list(), []);
  }
});
