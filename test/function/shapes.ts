/** Functions that tests hand over: a disk like QEMU's nvme, QEMU's edu, and its pci-testdev, where a real host had them. */
import { PciAddress } from '../../src/pci/index.js';
import type { PlacedShape } from './simulated-host.js';

/**
 * A disk with every capability, where QEMU's nvme has them as far as it has them: MSI-X (17 vectors in BAR 0) at 0x40,
 * PM at 0x60, PCI Express at 0x80, MSI at 0xc0, VPD at 0xd0; a serial number.
 */
export function disk(address = new PciAddress(0, 0, 8, 0)): PlacedShape {
  return {
    address,
    driver: 'nvme',
    command: 0,
    vendor: 0x1b36,
    device: 0x0010,
    subsystemVendor: 0x1af4,
    subsystemDevice: 0x1100,
    classCode: 0x010802,
    revision: 1,
    regions: [
      { index: 0, kind: 'memory', size: 0x4000, address: 0xfebd_0000n, prefetchable: false, wide: true },
      { index: 2, kind: 'io', size: 0x20, address: 0xc140n, prefetchable: false, wide: false },
    ],
    pin: 1,
    msi: { vectors: 1 },
    msix: { vectors: 17, region: 0, table: 0x2000, pending: 0x3000 },
    powerManagement: true,
    vpd: Uint8Array.of(0x82, 4, 0, 0x64, 0x69, 0x73, 0x6b, 0x78),
    express: { flr: true },
    serial: 0x0123_4567_89ab_cdefn,
    places: { msix: 0x40, pm: 0x60, pcie: 0x80, msi: 0xc0, vpd: 0xd0 },
  };
}

/** QEMU's edu as the recording of Linux's own back end shows it: one BAR of 1 MiB, MSI at 0x40. */
export function edu(address = new PciAddress(0, 0, 5, 0)): PlacedShape {
  return {
    address,
    driver: 'edu',
    command: 0x0103,
    vendor: 0x1234,
    device: 0x11e8,
    subsystemVendor: 0x1af4,
    subsystemDevice: 0x1100,
    classCode: 0x00ff00,
    revision: 0x10,
    regions: [
      { index: 0, kind: 'memory', size: 0x10_0000, address: 0xfea0_0000n, prefetchable: false, wide: false },
    ],
    pin: 1,
    msi: { vectors: 1 },
  };
}

/** QEMU's pci-testdev, of the same recording: a memory and an I/O BAR, no capability, no interrupt. */
export function testdev(address = new PciAddress(0, 0, 6, 0)): PlacedShape {
  return {
    address,
    command: 0x0103,
    vendor: 0x1b36,
    device: 0x0005,
    subsystemVendor: 0x1af4,
    subsystemDevice: 0x1100,
    classCode: 0x00ff00,
    revision: 0,
    regions: [
      { index: 0, kind: 'memory', size: 0x1000, address: 0xfeb8_b000n, prefetchable: false, wide: false },
      { index: 1, kind: 'io', size: 0x100, address: 0xc000n, prefetchable: false, wide: false },
    ],
  };
}
