/** A machine with something of each kind, and how its devices are made to do what compliance cases need. */
import {
  eduSubject,
  type ComplianceSubject,
  type InterruptStimulus,
} from '../../../src/function/compliance/index.js';
import type { FunctionSummary, Machine, PciFunction } from '../../../src/function/index.js';

/** Bridges, functions behind them that can be reset, and what has ports that keep what is written. */
export const EVERYTHING = [
  '-device pcie-root-port,id=rp0,chassis=1,addr=02.0 -device edu,bus=rp0',
  '-device pcie-root-port,id=rp1,chassis=2,addr=03.0 -device nvme,serial=n,bus=rp1',
  '-device pcie-root-port,id=rp2,chassis=3,addr=04.0 -device e1000e,romfile=,bus=rp2',
  '-device pcie-root-port,id=rp3,chassis=4,addr=05.0 -device pcie-pci-bridge,id=pci,bus=rp3',
  '-device pci-testdev,bus=pci,addr=02.0 -device edu,bus=pci,addr=03.0',
  // Its line is that of what stands behind the first root port.
  '-device edu,addr=06.0 -device rocker,name=switch,addr=08.0 -device rtl8139,romfile=,addr=09.0',
].join(' ');

const EDU = 0x1234_11e8;
const E1000E = 0x8086_10d3;
const ROCKER = 0x1b36_0006;
const RTL8139 = 0x10ec_8139;

/** Interrupt cause and masks of e1000e (Intel 82574 datasheet, 10.2.4), and the cause that software alone raises. */
const ICR = 0xc0;
const ICS = 0xc8;
const IMS = 0xd0;
const SOFTWARE = 1 << 24;
/** Rocker raises the vector that is written here (QEMU, hw/net/rocker/rocker_hw.h). */
const TEST_IRQ = 0x20;
/** Its multicast filter keeps bytes (RTL8139 datasheet, 5). */
const MULTICAST = 0x08;

function e1000eInterrupt(fn: PciFunction): InterruptStimulus {
  const region = fn.openRegion(0);
  region.write32(IMS, SOFTWARE);
  return {
    raise: () => {
      region.write32(ICS, SOFTWARE);
    },
    quiet: () => {
      region.write32(ICR, 0xffff_ffff);
    },
  };
}

function rockerInterrupt(fn: PciFunction): InterruptStimulus {
  const region = fn.openRegion(0);
  return {
    raise: () => {
      region.write32(TEST_IRQ, 0);
    },
    quiet: () => undefined,
  };
}

export function qemuSubjects(machine: Machine): readonly ComplianceSubject[] {
  return machine.list().map((summary) => subjectOf(machine, summary));
}

function subjectOf(machine: Machine, { address, vendor, device }: FunctionSummary): ComplianceSubject {
  switch (vendor * 0x1_0000 + device) {
    case EDU:
      return eduSubject(machine, address);
    case E1000E:
      return { machine, address, memoryRegion: 0, intx: e1000eInterrupt };
    case ROCKER:
      return { machine, address, memoryRegion: 0, msix: rockerInterrupt };
    case RTL8139:
      return { machine, address, ioRegion: { region: 0, offset: MULTICAST } };
    default:
      return { machine, address };
  }
}
