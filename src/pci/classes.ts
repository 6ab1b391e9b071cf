/** Names of the class codes (PCI Code and ID Assignment, 1): what kind of device a function is. */

interface BaseClass {
  readonly name: string;
  readonly subclasses: Readonly<Record<number, string>>;
}

const baseClasses: Readonly<Record<number, BaseClass>> = {
  0x00: {
    name: 'Unclassified device',
    subclasses: { 0x00: 'Pre-class device', 0x01: 'Pre-class VGA device' },
  },
  0x01: {
    name: 'Mass storage controller',
    subclasses: {
      0x00: 'SCSI controller',
      0x01: 'IDE controller',
      0x02: 'Floppy controller',
      0x03: 'IPI controller',
      0x04: 'RAID controller',
      0x05: 'ATA controller',
      0x06: 'SATA controller',
      0x07: 'SAS controller',
      0x08: 'Non-Volatile memory controller',
      0x09: 'Universal flash storage controller',
    },
  },
  0x02: {
    name: 'Network controller',
    subclasses: {
      0x00: 'Ethernet controller',
      0x01: 'Token Ring controller',
      0x02: 'FDDI controller',
      0x03: 'ATM controller',
      0x04: 'ISDN controller',
      0x05: 'WorldFip controller',
      0x06: 'PICMG controller',
      0x07: 'InfiniBand controller',
      0x08: 'Host fabric controller',
    },
  },
  0x03: {
    name: 'Display controller',
    subclasses: { 0x00: 'VGA controller', 0x01: 'XGA controller', 0x02: '3D controller' },
  },
  0x04: {
    name: 'Multimedia device',
    subclasses: {
      0x00: 'Video device',
      0x01: 'Audio device',
      0x02: 'Telephony device',
      0x03: 'HD Audio controller',
    },
  },
  0x05: {
    name: 'Memory controller',
    subclasses: { 0x00: 'RAM controller', 0x01: 'Flash controller', 0x02: 'CXL memory device' },
  },
  0x06: {
    name: 'Bridge',
    subclasses: {
      0x00: 'Host bridge',
      0x01: 'ISA bridge',
      0x02: 'EISA bridge',
      0x03: 'MCA bridge',
      0x04: 'PCI bridge',
      0x05: 'PCMCIA bridge',
      0x06: 'NuBus bridge',
      0x07: 'CardBus bridge',
      0x08: 'RACEway bridge',
      0x09: 'Semi-transparent PCI bridge',
      0x0a: 'InfiniBand bridge',
      0x0b: 'Advanced Switching bridge',
    },
  },
  0x07: {
    name: 'Communication controller',
    subclasses: {
      0x00: 'Serial controller',
      0x01: 'Parallel controller',
      0x02: 'Multiport serial controller',
      0x03: 'Modem',
      0x04: 'GPIB controller',
      0x05: 'Smart card controller',
    },
  },
  0x08: {
    name: 'System peripheral',
    subclasses: {
      0x00: 'Interrupt controller',
      0x01: 'DMA controller',
      0x02: 'Timer',
      0x03: 'Real-time clock',
      0x04: 'Hot-plug controller',
      0x05: 'SD host controller',
      0x06: 'IOMMU',
      0x07: 'Root complex event collector',
    },
  },
  0x09: {
    name: 'Input device',
    subclasses: {
      0x00: 'Keyboard controller',
      0x01: 'Digitizer',
      0x02: 'Mouse controller',
      0x03: 'Scanner controller',
      0x04: 'Game port',
    },
  },
  0x0a: { name: 'Docking station', subclasses: {} },
  0x0b: { name: 'Processor', subclasses: { 0x40: 'Co-processor' } },
  0x0c: {
    name: 'Serial bus controller',
    subclasses: {
      0x00: 'FireWire controller',
      0x01: 'ACCESS bus controller',
      0x02: 'SSA controller',
      0x03: 'USB controller',
      0x04: 'Fibre Channel controller',
      0x05: 'SMBus controller',
      0x06: 'InfiniBand controller',
      0x07: 'IPMI interface',
      0x08: 'SERCOS interface',
      0x09: 'CAN bus controller',
      0x0a: 'I3C host controller',
    },
  },
  0x0d: {
    name: 'Wireless controller',
    subclasses: {
      0x00: 'IrDA controller',
      0x01: 'Consumer infrared controller',
      0x10: 'Radio controller',
      0x11: 'Bluetooth controller',
      0x12: 'Broadband controller',
      0x20: '5 GHz Ethernet controller',
      0x21: '2.4 GHz Ethernet controller',
      0x40: 'Cellular modem',
    },
  },
  0x0e: { name: 'Intelligent controller', subclasses: { 0x00: 'I2O controller' } },
  0x0f: {
    name: 'Satellite controller',
    subclasses: {
      0x01: 'Satellite TV controller',
      0x02: 'Satellite audio controller',
      0x03: 'Satellite voice controller',
      0x04: 'Satellite data controller',
    },
  },
  0x10: {
    name: 'Encryption controller',
    subclasses: { 0x00: 'Network encryption controller', 0x10: 'Entertainment encryption controller' },
  },
  0x11: {
    name: 'Signal processing controller',
    subclasses: {
      0x00: 'DPIO module',
      0x01: 'Performance counters',
      0x10: 'Communication synchronizer',
      0x20: 'Management card',
    },
  },
  0x12: { name: 'Processing accelerator', subclasses: {} },
  0x13: { name: 'Non-essential instrumentation', subclasses: {} },
  0x40: { name: 'Co-processor', subclasses: {} },
  0xff: { name: 'Unassigned class', subclasses: {} },
};

/**
 * Name of a class code of 24 bits (base class, subclass, programming interface), as the dword at 0x08 has it above the
 * revision. A subclass without a name (0x80 is "other" in most classes) has that of its base class.
 */
export function className(classCode: number): string {
  const base = baseClasses[(classCode >>> 16) & 0xff];
  return base?.subclasses[(classCode >>> 8) & 0xff] ?? base?.name ?? 'Unknown class';
}
