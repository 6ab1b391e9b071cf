/** The doctor on a host that can do it: fine where a function can be given, and the cause where one cannot. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test, type TestContext } from 'node:test';
import type { Diagnosis } from '../../src/admin/doctor/index.js';
import { diagnosisLines } from '../../src/cli/doctor-text.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import { claimFor, EDU, GROUPED_EDU, GROUPED_ETHERNET, loadModule, release } from './machine.js';

const drivers = new LinuxMachine().drivers;

/** What the command says, and how it ends; the whole of it is told beside the test. */
function examine(address: PciAddress, context: TestContext): Diagnosis & { readonly status: number | null } {
  const words = ['dist/src/command/main.js', 'doctor', String(address), '--for', 'vfio', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(stderr, '');
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  context.diagnostic(`openslot doctor ${address} --for vfio`);
  for (const line of diagnosisLines(diagnosis)) context.diagnostic(`  ${line}`);
  return { ...diagnosis, status };
}

describe('openslot doctor', () => {
  test('finds nothing in the way of a function that vfio-pci keeps alone in its group', async (context) => {
    await claimFor('vfio', EDU);
    const { purposes, status } = examine(EDU, context);
    assert.deepEqual(purposes, [{ purpose: 'vfio', ready: true, blockedBy: [] }]);
    assert.equal(status, 0);
  });

  test('names the other of a group that the host’s driver has, until it is claimed, too', async (context) => {
    loadModule('e1000');
    await claimFor('vfio', GROUPED_EDU);
    assert.equal(drivers.binding(GROUPED_ETHERNET).driver, 'e1000');
    const { purposes, checks, status } = examine(GROUPED_EDU, context);
    assert.deepEqual(purposes, [{ purpose: 'vfio', ready: false, blockedBy: ['GROUP_NOT_VIABLE'] }]);
    assert.equal(status, 1);
    const causes = checks.flatMap((check) => check.causes);
    assert.match(JSON.stringify(causes), new RegExp(`${GROUPED_ETHERNET}.*e1000`));
    await release(GROUPED_EDU);
  });
});
