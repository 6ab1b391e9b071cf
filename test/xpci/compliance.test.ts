/** The compliance suite on the guest's bus, over our back end and simulated functions. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ComplianceMatrix } from '../../src/function/compliance/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { Xpci } from '../../src/xpci/index.js';
import { capabilityTest, complianceSuite } from '../function/compliance-suite.js';
import { toolStackCreates } from '../pciback/front-end.js';
import { DISK, EDU, GuestHost } from './guest.js';

const host = await GuestHost.start();
await toolStackCreates(host.platform.store, host.id, [DISK, EDU]);
const xpci = await Xpci.connect(host.guest);
after(async () => {
  await xpci.close();
  await host[Symbol.asyncDispose]();
});

const matrix = new ComplianceMatrix();
const subjects = [0, 1].map((slot) => ({
  machine: xpci,
  address: new PciAddress(0, 0, slot, 0),
  memoryRegion: 0,
}));
for (const subject of subjects) complianceSuite(matrix, 'xpci', subject, true);
capabilityTest(xpci, subjects, true);

test('a guest cannot reset a function; what storage can show of the rest is there', (context) => {
  for (const line of matrix.toString().split('\n')) context.diagnostic(line);
  assert.deepEqual(
    matrix.cases('xpci', 'undeclared').filter((name) => !/reset/.test(name)),
    [],
  );
  assert.ok(matrix.cases('xpci', 'passed').length > 12);
});
