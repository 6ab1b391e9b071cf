/** A hide list carried out on a host with Xen: what stands in its way is told, and the rest is claimed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  claimHidden,
  describeHideOutcome,
  HostClaims,
  hideOutcomeData,
  type HideOutcome,
} from '../../src/admin/index.js';
import { hideGrammars } from '../../src/boot/index.js';
import { disk, edu, testdev } from '../function/shapes.js';
import { LocalHost } from '../xen/local-host.js';

async function hidden(host: LocalHost, text: string): Promise<readonly HideOutcome[]> {
  const { machine, pool, platform } = host;
  const claims = new HostClaims(pool, machine, platform);
  const outcomes: HideOutcome[] = [];
  await claimHidden(hideGrammars.linux.parse(text), { machine, pool, claims }, (outcome) =>
    outcomes.push(outcome),
  );
  return outcomes;
}

test('claims each function once, and leaves what a guest has', async () => {
  await using host = new LocalHost([edu(), testdev(), disk()]);
  host.machine.drivers.start(edu().address, 'edu');
  host.machine.drivers.start(disk().address, 'pciback');
  await host.platform.store.write('/libxl/pci/0000-00-08-0/domid', '7');
  const outcomes = await hidden(host, '(00:08.0)(00:05.0)(00:*.*)');
  assert.deepEqual(outcomes.map(describeHideOutcome), [
    'not hidden: FUNCTION_TAKEN: 0000:00:08.0 is given to guest 7',
    'hidden: 0000:00:05.0, from edu, held by pciback',
    'hidden: 0000:00:06.0, it had no driver, held by pciback',
  ]);
  assert.deepEqual(
    outcomes.map(({ element }) => element),
    ['(00:08.0)', '(00:05.0)', '(00:*.*)'],
  );
  assert.deepEqual(
    host.pool.list().map(({ address, state }) => `${address} ${state}`),
    ['0000:00:05.0 free', '0000:00:06.0 free'],
  );
  assert.deepEqual(host.platform.assigned, ['quarantine 0000:00:05.0', 'quarantine 0000:00:06.0']);
});

test('what is in the pool stays there, whoever has it', async () => {
  await using host = new LocalHost([edu(), disk()]);
  await host.claimAll();
  const lease = host.pool.take(edu().address, 'guest 3');
  const outcomes = await hidden(host, '(00:05.0)(00:08.0)');
  assert.deepEqual(outcomes.map(describeHideOutcome), [
    'hidden: 0000:00:05.0, in the pool already',
    'hidden: 0000:00:08.0, in the pool already',
  ]);
  assert.deepEqual(
    host.pool.list().map(({ state }) => state),
    ['taken', 'free'],
  );
  await lease.giveBack();
});

test('a refusal of the hypervisor takes its own claim back, and no other', async () => {
  await using host = new LocalHost([edu(), disk()]);
  host.machine.drivers.start(edu().address, 'edu');
  host.platform.failing = { call: 'quarantine', errno: 'ENODEV' };
  const [first, second] = await hidden(host, '(00:05.0)(00:09.0)');
  assert.equal(host.machine.drivers.binding(edu().address).driver, 'edu');
  assert.ok(first?.outcome === 'refused' && second?.outcome === 'absent');
  const data = JSON.parse(JSON.stringify(hideOutcomeData(first))) as { error: { code: string } };
  assert.equal(data.error.code, 'XEN_CALL_FAILED');
  assert.deepEqual(hideOutcomeData(second), {
    event: 'hide',
    element: '(00:09.0)',
    outcome: 'absent',
    names: '0000:00:09.0',
  });
});
