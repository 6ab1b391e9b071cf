/** The compliance suite on the machine `linux`, where functions are claimed for VFIO and for UIO. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ComplianceMatrix, eduSubject, type ComplianceSubject } from '../../src/function/compliance/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import { capabilityTest, complianceSuite } from '../function/compliance-suite.js';
import { claimFor, EDU, ETHERNET, loadModule, NVME, PCNET, TESTDEV, UIO_EDU } from './machine.js';

loadModule('uio_pci_generic');
for (const address of [EDU, NVME, ETHERNET, PCNET, TESTDEV]) claimFor('vfio', address);
claimFor('uio', UIO_EDU);

const matrix = new ComplianceMatrix();
const machine = new LinuxMachine();
/** Registers without a side effect of a read; pci-testdev's are only counted by it. */
const vfio: readonly ComplianceSubject[] = [
  eduSubject(machine, EDU),
  { machine, address: NVME, memoryRegion: 0 },
  { machine, address: ETHERNET, memoryRegion: 0 },
  { machine, address: PCNET, memoryRegion: 1 },
  { machine, address: TESTDEV, memoryRegion: 0 },
];
for (const subject of vfio) complianceSuite(matrix, 'vfio', subject, true);

/** The kernel's DMA is no program's here. */
function uioSubject(address: PciAddress): ComplianceSubject {
  const { intx, memoryRegion } = eduSubject(machine, address);
  assert.ok(intx !== undefined && memoryRegion !== undefined);
  return { machine, address, intx, memoryRegion };
}
const uio = [uioSubject(UIO_EDU)];
for (const subject of uio) complianceSuite(matrix, 'uio', subject, true);

const unmapped = new LinuxMachine({ mapping: 'avoided' });
// Its DMA is asked for by registers of 64 bits.
const { dma: _dma, ...edu } = eduSubject(unmapped, EDU);
complianceSuite(matrix, 'vfio, not mapped', edu, true);

capabilityTest(machine, [...vfio, ...uio], true);

test('the matrix', (context) => {
  for (const line of matrix.toString().split('\n')) context.diagnostic(line);
});
