/** What compliance cases need of the simulator's own devices: how they interrupt, copy, and keep what ports write. */
import {
  eduSubject,
  type ComplianceSubject,
  type DmaStimulus,
  type InterruptStimulus,
} from '../../src/function/compliance/index.js';
import type { FunctionSummary, Iova, Machine, PciFunction } from '../../src/function/index.js';

const edu = 0x11e8;
const testdev = 0x5100;
const copier = 0x5113;

/** The copy engine of the multi-function device: it interrupts by MSI-X, and at the end of a copy of nothing, too. */
const COPIER = { source: 0x00, destination: 0x08, bytes: 0x10, control: 0x14, status: 0x18 } as const;
const RUN = 1;
const RUN_AND_INTERRUPT = 3;

function copierInterrupt(fn: PciFunction): InterruptStimulus {
  const region = fn.openRegion(0);
  return {
    raise: () => {
      region.write32(COPIER.bytes, 0);
      region.write32(COPIER.control, RUN_AND_INTERRUPT);
      while ((region.read32(COPIER.control) & RUN) !== 0);
    },
    quiet: () => {
      region.write32(COPIER.status, 0xffff_ffff);
    },
  };
}

function copierDma(fn: PciFunction): DmaStimulus {
  const region = fn.openRegion(0);
  return {
    bytes: 0x1_0000,
    copy: (from: Iova, to: Iova, bytes: number): Promise<void> => {
      region.write64(COPIER.source, from);
      region.write64(COPIER.destination, to);
      region.write32(COPIER.bytes, bytes);
      region.write32(COPIER.control, RUN);
      while ((region.read32(COPIER.control) & RUN) !== 0);
      region.write32(COPIER.status, 0xffff_ffff);
      return Promise.resolve();
    },
  };
}

/** A subject for each function of the machine, with what is known of its device. */
export function simulatedSubjects(machine: Machine): readonly ComplianceSubject[] {
  return machine.list().map((summary) => subjectOf(machine, summary));
}

function subjectOf(machine: Machine, { address, device }: FunctionSummary): ComplianceSubject {
  switch (device) {
    case edu:
      return eduSubject(machine, address);
    case testdev:
      return { machine, address, memoryRegion: 0, ioRegion: { region: 1, offset: 8 } };
    case copier:
      return {
        machine,
        address,
        memoryRegion: 0,
        intx: copierInterrupt,
        msix: copierInterrupt,
        dma: copierDma,
      };
    default:
      return { machine, address };
  }
}
