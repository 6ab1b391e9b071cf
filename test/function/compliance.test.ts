/** The compliance suite on the simulator, on QEMU's models, and what of it only reads on this host's own functions; the matrix of all. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  COMPLIANCE_CASES,
  ComplianceFailure,
  ComplianceMatrix,
  type ComplianceSubject,
} from '../../src/function/compliance/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { SimMachine } from '../../src/machines/sim/index.js';
import { OpenslotError } from '../../src/pci/index.js';
import { TestHost } from '../embedded/embedded.js';
import type { ComplianceReport } from '../guests/compliance.js';
import { qemu, skip, startQemu } from '../machines/qemu/qemu.js';
import { EVERYTHING, qemuSubjects } from '../machines/qemu/subjects.js';
import { capabilityTest, complianceSuite } from './compliance-suite.js';
import { simulatedSubjects } from './stimuli.js';

const matrix = new ComplianceMatrix();
const sim = new SimMachine();
const subjects = simulatedSubjects(sim);

for (const subject of subjects) complianceSuite(matrix, 'sim', subject, true);
capabilityTest(sim, subjects, true);

const linux = new LinuxMachine();
let functions: ReturnType<LinuxMachine['list']> = [];
try {
  functions = linux.list();
} catch (error) {
  test('this host has no PCI', (context) => {
    assert.ok(error instanceof OpenslotError && error.code === 'SYSFS_UNAVAILABLE', String(error));
    context.skip(error.message);
  });
}
// Reading only: these functions carry the host's own disk and network.
for (const { address } of functions) complianceSuite(matrix, 'linux', { machine: linux, address }, false);
if (functions.length > 0)
  capabilityTest(
    linux,
    functions.map(({ address }) => ({ machine: linux, address })),
    false,
  );

if (qemu !== undefined) {
  const machine = await startQemu(EVERYTHING);
  after(() => {
    machine[Symbol.dispose]();
  });
  const found = qemuSubjects(machine);
  for (const subject of found) complianceSuite(matrix, 'qemu', subject, true);
  capabilityTest(machine, found, true);
}

test('QEMU’s models lack what an IOMMU has, and nothing else', { skip }, () => {
  const undeclared = COMPLIANCE_CASES.filter(({ needs }) => needs.includes('iommuGroups'));
  assert.equal(matrix.cases('qemu', 'passed').length, COMPLIANCE_CASES.length - undeclared.length);
});

/** What a guest of the embedded Xen has of the simulator: the way through page, event channel, policy and IOMMU. */
const GIVEN = ['01:00.0', '00:04.0', '00:03.3'];

test('compliance: xpci, in an embedded guest', async (context) => {
  await using host = await TestHost.start();
  const guest = await host.run('compliance', GIVEN, { arguments: [String(GIVEN.length)] });
  await host.report(guest, 'done');
  const line = host.output().at(-1) ?? '';
  const { outcomes, failures, declared, observed } = JSON.parse(line) as ComplianceReport;
  for (const [name, outcome] of Object.entries(outcomes)) matrix.record('xpci', name, outcome);
  assert.deepEqual(failures, []);
  for (const [capability, seen] of Object.entries(observed))
    assert.equal(seen, declared[capability as keyof typeof observed], capability);
  const undeclared = COMPLIANCE_CASES.filter(({ name }) => outcomes[name] === 'undeclared');
  assert.deepEqual([...new Set(undeclared.flatMap(({ needs }) => needs))].includes('reset'), true);
  context.diagnostic(`observed in a guest: ${Object.keys(observed).join(', ')}`);
});

test('the simulator lacks nothing: every case runs on it', (context) => {
  for (const line of matrix.toString().split('\n')) context.diagnostic(line);
  assert.deepEqual(matrix.cases('sim', 'passed').length, COMPLIANCE_CASES.length);
});

test('a case that fails is shown as one, whatever another function of the machine did', async () => {
  const own = new ComplianceMatrix();
  const [subject] = subjects;
  assert.ok(subject);
  const broken = { name: 'broken', needs: [], wants: [], changes: false };
  const fail = () => {
    throw new Error('no');
  };
  await own.run('sim', { ...broken, run: () => undefined }, subject, false);
  await assert.rejects(own.run('sim', { ...broken, run: fail }, subject, false), ComplianceFailure);
  await own.run('sim', { ...broken, run: () => undefined }, subject, false);
  assert.equal(own.outcome('sim', 'broken'), 'failed');
  const readOnly: ComplianceSubject = { ...subject, machine: linux };
  assert.equal(
    await own.run('linux', { ...broken, needs: ['dma'], run: fail }, readOnly, true),
    'undeclared',
  );
  assert.equal(
    await own.run('linux', { ...broken, changes: true, run: fail }, readOnly, false),
    'inapplicable',
  );
});
