/** `claim --for`, what it refuses, and what stands in the way of a program. Runs first: no module for UIO is loaded yet. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import {
  claim,
  claimFor,
  EDU,
  GROUPED_EDU,
  GROUPED_ETHERNET,
  loadModule,
  openslot,
  refusalOf,
  release,
  UIO_EDU,
} from './machine.js';

/** Low half of the receive ring's address, in BAR 0 of an e1000 (Intel, 8254x developer's manual, 13.4.25). */
const RECEIVE_RING = 0x2800;

const machine = new LinuxMachine();
const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

describe('a driver that is not loaded', () => {
  test('refuses the claim with the command that loads it, and leaves the function as it was', () => {
    const { error } = refusalOf('claim', '--for', 'uio', String(UIO_EDU));
    assert.deepEqual([error.code, error.next], ['DRIVER_NOT_LOADED', 'modprobe uio_pci_generic']);
    assert.deepEqual(machine.drivers.binding(UIO_EDU), { driver: undefined, override: undefined });
  });

  test('once it is loaded, the claim goes through, and a release takes it back', async () => {
    loadModule('uio_pci_generic');
    assert.equal((await claim('uio', UIO_EDU)).holder, 'uio_pci_generic');
    assert.equal(machine.drivers.binding(UIO_EDU).driver, 'uio_pci_generic');
    await release(UIO_EDU);
    assert.deepEqual(machine.drivers.binding(UIO_EDU), { driver: undefined, override: undefined });
  });

  test('for guests of Xen, where there is none', async () => {
    await assert.rejects(claim('xen', UIO_EDU), code('CLAIM_PURPOSE'));
  });
});

describe('a group of which the host has a part', () => {
  before(() => {
    loadModule('e1000');
    assert.equal(machine.drivers.binding(GROUPED_ETHERNET).driver, 'e1000');
  });

  test('the claim says what else must be claimed', () => {
    const text = openslot('claim', '--for', 'vfio', String(GROUPED_EDU));
    assert.match(text, /held by vfio-pci/);
    assert.match(text, new RegExp(`next {2}openslot claim --for vfio ${GROUPED_ETHERNET}`));
  });

  test('looking at it is no driving, and is not refused', () => {
    using fn = machine.open(GROUPED_EDU);
    assert.equal(fn.config.read(0, 4), 0x11e8_1234);
  });

  test('driving it is, with the driver that stands in the way', () => {
    using fn = machine.open(GROUPED_EDU);
    assert.throws(
      () => fn.openRegion(0),
      (error) => {
        assert.ok(error instanceof OpenslotError);
        assert.equal(error.code, 'IOMMU_GROUP_NOT_VIABLE');
        assert.deepEqual(error.evidence['others'], [`${GROUPED_ETHERNET} e1000`]);
        assert.equal(error.next, `openslot claim --for vfio ${GROUPED_ETHERNET}`);
        return true;
      },
    );
  });

  test('after the command that it names, both are driven, and their bus is reset as one', async () => {
    assert.equal((await claim('vfio', GROUPED_ETHERNET)).others, undefined);
    using edu = machine.open(GROUPED_EDU);
    using ethernet = machine.open(GROUPED_ETHERNET);
    ethernet.setEnabled(true);
    using bar = ethernet.openRegion(0);
    bar.write32(RECEIVE_RING, 0x1000);
    assert.equal(bar.read32(RECEIVE_RING), 0x1000);
    assert.deepEqual(edu.resetMethods, ['bus']);
    assert.equal(await edu.reset(), 'bus');
    // Its neighbour's registers begin anew; its configuration, and the mapping, are there again.
    assert.equal(bar.read32(RECEIVE_RING), 0);
    using own = edu.openRegion(0);
    assert.equal(own.read32(0), 0x0100_00ed);
  });

  test('a release gives the driver its function back', async () => {
    await release(GROUPED_EDU);
    await release(GROUPED_ETHERNET);
    assert.equal(machine.drivers.binding(GROUPED_ETHERNET).driver, 'e1000');
  });
});

describe('a function for programs', () => {
  const held: ChildProcess[] = [];
  before(async () => {
    await claimFor('vfio', EDU);
  });
  after(() => {
    for (const child of held) child.kill('SIGKILL');
  });

  test('is driven by one process at a time; to look at it stays possible', async () => {
    const child = spawn(process.execPath, ['dist/test/vfio-lab/programs/drives.js', String(EDU)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    held.push(child);
    for await (const line of createInterface({ input: child.stdout })) if (line === 'driving') break;
    using fn = machine.open(EDU);
    assert.throws(() => fn.openRegion(0), code('VFIO_BUSY'));
    assert.equal(fn.config.read(0, 4), 0x11e8_1234);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    using bar = fn.openRegion(0);
    assert.equal(bar.read32(0), 0x0100_00ed);
  });

  /** As a user without privilege whom the group's file may belong to. */
  const asUser = (...words: readonly string[]) =>
    spawnSync('sh', ['-c', `ulimit -l 1024; exec ${process.execPath} "$@"`, 'sh', ...words], {
      encoding: 'utf8',
      uid: 65534,
      gid: 65534,
    });
  const group = () => `/dev/vfio/${machine.list().find((fn) => fn.address.equals(EDU))?.iommuGroup ?? ''}`;

  test('is refused to a user who does not own its file', () => {
    const { stdout } = asUser('dist/test/vfio-lab/programs/allocates.js', String(EDU), '4096');
    assert.match(stdout, /^VFIO_PERMISSION /);
  });

  test('is a user’s who owns it: registers, and memory up to the limit for what is kept in place', () => {
    chownSync(group(), 65534, 65534);
    const { stdout, stderr } = asUser('dist/test/vfio-lab/programs/allocates.js', String(EDU), '4096');
    assert.equal(stdout, 'allocated 4096, edu 0x10000ed\n', stderr);
    const { stdout: much } = asUser('dist/test/vfio-lab/programs/allocates.js', String(EDU), String(4 << 20));
    assert.match(much, /^DMA_LOCKED_LIMIT .*1048576/);
    chownSync(group(), 0, 0);
  });

  test('has left nothing open here', () => {
    const files = readdirSync('/proc/self/fd').length;
    using fn = machine.open(EDU);
    fn.openRegion(0);
    fn.interrupts?.open({ kind: 'msi', vector: 0 });
    fn.close();
    assert.equal(readdirSync('/proc/self/fd').length, files);
  });
});
