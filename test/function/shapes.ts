/** Functions that tests hand over: a disk like QEMU's nvme, and QEMU's edu. */
import type { ImageRegister } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';
import type { StorageShape } from './storage-machine.js';

const PCIE: readonly ImageRegister[] = [
  { name: 'pcie.list', offset: 0x80, width: 2, initial: 0x6010 },
  { name: 'pcie.capabilities', offset: 0x82, width: 2, initial: 0x0092 },
  { name: 'pcie.devcap', offset: 0x84, width: 4, initial: 0x1000_8000 },
  { name: 'pcie.devctl', offset: 0x88, width: 2, initial: 0x2810, writable: 0x7fff },
  { name: 'pcie.devsta', offset: 0x8a, width: 2, clearable: 0x000f, initial: 0x0005 },
];
const PM: readonly ImageRegister[] = [
  { name: 'pm.list', offset: 0x60, width: 2, initial: 0x0001 },
  { name: 'pm.pmc', offset: 0x62, width: 2, initial: 0xfe03 },
  { name: 'pm.pmcsr', offset: 0x64, width: 2, initial: 0x8008, writable: 0x1f03, clearable: 0x8000 },
];

/** PM at 0x60, MSI-X (17 vectors in BAR 0) at 0x40, PCI Express at 0x80, MSI at 0xa0, VPD at 0xc0. */
export function disk(address = new PciAddress(0, 0, 8, 0), size: 256 | 4096 = 256): StorageShape {
  return {
    address,
    vendor: 0x1b36,
    device: 0x0010,
    classCode: 0x010802,
    interruptLine: 11,
    size,
    firstCapability: 0x40,
    regions: [
      { index: 0, kind: 'memory', size: 0x4000, address: 0xfebd_0000n, prefetchable: false, wide: true },
      { index: 2, kind: 'io', size: 0x20, address: 0xc040n, prefetchable: false, wide: false },
    ],
    registers: [
      { name: 'msix.list', offset: 0x40, width: 2, initial: 0xa011 },
      { name: 'msix.control', offset: 0x42, width: 2, initial: 16, writable: 0xc000 },
      { name: 'msix.table', offset: 0x44, width: 4, initial: 0x2000 },
      { name: 'msix.pba', offset: 0x48, width: 4, initial: 0x3000 },
      { name: 'msi.list', offset: 0xa0, width: 2, initial: 0xc005 },
      { name: 'msi.control', offset: 0xa2, width: 2, initial: 0x0080, writable: 0x0071 },
      { name: 'msi.address', offset: 0xa4, width: 4, writable: 0xffff_fffc },
      { name: 'msi.address_upper', offset: 0xa8, width: 4, writable: 0xffff_ffff },
      { name: 'msi.data', offset: 0xac, width: 2, writable: 0xffff },
      { name: 'vpd.list', offset: 0xc0, width: 2, initial: 0x8003 },
      { name: 'vpd.address', offset: 0xc2, width: 2, writable: 0xffff },
      { name: 'vpd.data', offset: 0xc4, width: 4, writable: 0xffff_ffff },
      ...PCIE,
      ...PM,
    ],
  };
}

/** QEMU's edu as the recording of Linux's own back end shows it: one BAR of 1 MiB, MSI at 0x40. */
export function edu(address = new PciAddress(0, 0, 5, 0)): StorageShape {
  return {
    address,
    vendor: 0x1234,
    device: 0x11e8,
    classCode: 0x00ff00,
    interruptLine: 0x15,
    initial: { 'header.bist': 0, 'header.command': 0x0103, 'header.class': 0x00ff_0010 },
    firstCapability: 0x40,
    resetMethods: [],
    regions: [
      { index: 0, kind: 'memory', size: 0x10_0000, address: 0xfea0_0000n, prefetchable: false, wide: false },
    ],
    registers: [
      { name: 'msi.list', offset: 0x40, width: 2, initial: 0x0005 },
      { name: 'msi.control', offset: 0x42, width: 2, initial: 0x0080, writable: 0x0071 },
      { name: 'msi.address', offset: 0x44, width: 4, writable: 0xffff_fffc },
      { name: 'msi.address_upper', offset: 0x48, width: 4, writable: 0xffff_ffff },
      { name: 'msi.data', offset: 0x4c, width: 2, writable: 0xffff },
    ],
  };
}

/** QEMU's pci-testdev, of the same recording: a memory and an I/O BAR, no capability, no interrupt. */
export function testdev(address = new PciAddress(0, 0, 6, 0)): StorageShape {
  return {
    address,
    vendor: 0x1b36,
    device: 0x0005,
    classCode: 0x00ff00,
    initial: {
      'header.bist': 0,
      'header.command': 0x0103,
      'header.class': 0x00ff_0000,
      'header.interrupt_pin': 0,
    },
    resetMethods: [],
    regions: [
      { index: 0, kind: 'memory', size: 0x1000, address: 0xfeb8_b000n, prefetchable: false, wide: false },
      { index: 1, kind: 'io', size: 0x100, address: 0xc000n, prefetchable: false, wide: false },
    ],
  };
}
