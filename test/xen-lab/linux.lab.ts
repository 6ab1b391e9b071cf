/** The machine `linux` in the lab's dom0, on QEMU's edu and pci-testdev, which nobody else uses there. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ComplianceMatrix } from '../../src/function/compliance/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import type { OpenslotError } from '../../src/pci/index.js';
import { notations } from '../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { capabilityTest, complianceSuite } from '../function/compliance-suite.js';

const EDU = notations.hex.parse('00:05.0');
const TESTDEV = notations.hex.parse('00:06.0');
const ETHERNET = notations.hex.parse('00:07.0');
const machine = new LinuxMachine();

const matrix = new ComplianceMatrix();
const subjects = [EDU, TESTDEV, ETHERNET].map((address) => ({ machine, address, memoryRegion: 0 }));
for (const subject of subjects) complianceSuite(matrix, 'linux', subject, true);
capabilityTest(machine, subjects, true);

test('lists what lspci lists', () => {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const ours = machine.list().map(({ address, classCode, vendor, device, revision }) => {
    const rev = revision === 0 ? '' : ` (rev ${hex(revision, 2)})`;
    return `${address} ${hex(classCode >>> 8, 4)}: ${hex(vendor, 4)}:${hex(device, 4)}${rev}`;
  });
  assert.deepEqual(ours, execFileSync('lspci', ['-Dn'], { encoding: 'utf8' }).trim().split('\n'));
});

test('edu answers through its mapped BAR: identification, liveness, a factorial', () => {
  using fn = machine.open(EDU);
  fn.setEnabled(true);
  using bar = fn.openRegion(0);
  assert.equal(bar.read32(0x00), 0x0100_00ed);
  bar.write32(0x04, 0x1234_5678);
  assert.equal(bar.read32(0x04), ~0x1234_5678 >>> 0);
  bar.write32(0x08, 10);
  while ((bar.read32(0x20) & 1) !== 0);
  assert.equal(bar.read32(0x08), 3_628_800);
});

test('pci-testdev answers through its ports, in each width', () => {
  using fn = machine.open(TESTDEV);
  fn.setEnabled(true);
  using ports = fn.openRegion(1);
  assert.equal(ports.info.kind, 'io');
  // Header of test 0 (docs/specs/pci-testdev): its name stands at offset 16, and starts with "port".
  ports.write8(0, 0);
  const name = [16, 17, 18, 19].map((offset) => String.fromCharCode(ports.read8(offset))).join('');
  assert.equal(name, 'port');
  assert.equal(ports.read16(16), 0x6f70);
  assert.equal(ports.read32(16), 0x7472_6f70);
  assert.throws(() => ports.read64(16), { code: 'REGION_REFUSED' });
});

test('without privilege the header is shown, the rest named', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['/openslot/dist/src/command/main.js', 'show', '00:08.0'],
    { encoding: 'utf8', uid: 65534, gid: 65534, env: { PATH: process.env['PATH'] ?? '' } },
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /header\.vendor +0x1b36/);
  assert.match(stdout, /not shown +capabilities: .*CAP_SYS_ADMIN/);
  assert.doesNotMatch(stdout, /msix\.control/);
});

test('a claim takes the function from its driver and a release brings it back; a reset restores', async () => {
  const pool = new Pool(machine, new MemoryJournal());
  await machine.drivers.bind(ETHERNET, 'e1000e').catch((error: unknown) => {
    // Loaded by the scenario or not: without it the claim starts from no driver.
    assert.equal((error as OpenslotError).code, 'DRIVER_NOT_LOADED');
  });
  const before = machine.drivers.binding(ETHERNET);
  await pool.claim(ETHERNET, 'pciback');
  assert.equal(machine.drivers.binding(ETHERNET).driver, 'pciback');
  const lease = pool.take(ETHERNET, 'a test');
  const bar = lease.function.config.read(0x10, 4);
  lease.function.config.write(4, 2, lease.function.config.read(4, 2) | 4);
  lease.function.config.write(0x0c, 1, 0x10);
  const report = await lease.giveBack();
  assert.deepEqual([report.differing, report.unsettled, report.quarantined], [[], [], undefined]);
  using fn = machine.open(ETHERNET);
  assert.equal(fn.config.read(0x10, 4), bar);
  assert.equal(fn.config.read(4, 2) & 4, 0);
  await pool.release(ETHERNET);
  assert.deepEqual(machine.drivers.binding(ETHERNET), before);
});

test('bridges of the host are not given away', async () => {
  const pool = new Pool(machine, new MemoryJournal());
  for (const text of ['00:00.0', '00:1f.0']) {
    await assert.rejects(pool.claim(notations.hex.parse(text), 'pciback'), {
      code: 'FUNCTION_NOT_ASSIGNABLE',
    });
  }
});
