/** The compliance suite on the simulator, and what of it only reads on this host's own functions; the matrix of both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMPLIANCE_CASES,
  ComplianceFailure,
  ComplianceMatrix,
  eduSubject,
  type ComplianceSubject,
  type InterruptStimulus,
} from '../../src/function/compliance/index.js';
import type { Iova, PciFunction } from '../../src/function/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { SimMachine } from '../../src/machines/sim/index.js';
import { notations, OpenslotError } from '../../src/pci/index.js';
import { capabilityTest, complianceSuite } from './compliance-suite.js';

const matrix = new ComplianceMatrix();
const sim = new SimMachine();
const at = (text: string) => notations.hex.parse(text);

/** The copy engine of the multi-function device: it interrupts by MSI-X, and at the end of a copy of nothing, too. */
const COPIER = { source: 0x00, destination: 0x08, bytes: 0x10, control: 0x14, status: 0x18 } as const;
const RUN_AND_INTERRUPT = 3;

function copierInterrupt(fn: PciFunction): InterruptStimulus {
  const region = fn.openRegion(0);
  return {
    raise: () => {
      region.write32(COPIER.bytes, 0);
      region.write32(COPIER.control, RUN_AND_INTERRUPT);
      while ((region.read32(COPIER.control) & 1) !== 0);
    },
    quiet: () => {
      region.write32(COPIER.status, 0xffff_ffff);
    },
  };
}

function copierDma(fn: PciFunction) {
  const region = fn.openRegion(0);
  return {
    bytes: 0x1_0000,
    copy: (from: Iova, to: Iova, bytes: number): Promise<void> => {
      region.write64(COPIER.source, from);
      region.write64(COPIER.destination, to);
      region.write32(COPIER.bytes, bytes);
      region.write32(COPIER.control, 1);
      while ((region.read32(COPIER.control) & 1) !== 0);
      region.write32(COPIER.status, 0xffff_ffff);
      return Promise.resolve();
    },
  };
}

const subjects: readonly ComplianceSubject[] = [
  eduSubject(sim, at('01:00.0')),
  { machine: sim, address: at('00:04.0'), memoryRegion: 0, ioRegion: { region: 1, offset: 8 } },
  {
    machine: sim,
    address: at('00:03.3'),
    memoryRegion: 0,
    intx: copierInterrupt,
    msix: copierInterrupt,
    dma: copierDma,
  },
  { machine: sim, address: at('02:00.0') },
  { machine: sim, address: at('00:01.0') },
];

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
