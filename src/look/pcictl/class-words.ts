/** What NetBSD calls classes (sys/dev/pci/pci_subr.c, 2015); some of its words are misspelled, and so are they here. */

/** A subclass without interfaces is its name alone. */
type Subclass = string | { readonly name: string; readonly interfaces: Readonly<Record<number, string>> };

interface ClassWords {
  readonly name: string;
  readonly subclasses: Readonly<Record<number, Subclass>>;
}

const MISCELLANEOUS = { 0x80: 'miscellaneous' } as const;

const CLASSES: Readonly<Record<number, ClassWords>> = {
  0x00: { name: 'prehistoric', subclasses: { 0x00: 'miscellaneous', 0x01: 'VGA' } },
  0x01: {
    name: 'mass storage',
    subclasses: {
      0x00: 'SCSI',
      0x01: 'IDE',
      0x02: 'floppy',
      0x03: 'IPI',
      0x04: 'RAID',
      0x05: { name: 'ATA', interfaces: { 0x20: 'with single DMA', 0x30: 'with chained DMA' } },
      0x06: { name: 'SATA', interfaces: { 0x01: 'AHCI 1.0' } },
      0x07: 'SAS',
      0x08: 'NVM',
      ...MISCELLANEOUS,
    },
  },
  0x02: {
    name: 'network',
    subclasses: {
      0x00: 'ethernet',
      0x01: 'token ring',
      0x02: 'FDDI',
      0x03: 'ATM',
      0x04: 'ISDN',
      0x05: 'WorldFip',
      0x06: 'PCMIG Multi Computing',
      ...MISCELLANEOUS,
    },
  },
  0x03: {
    name: 'display',
    subclasses: {
      0x00: { name: 'VGA', interfaces: { 0x00: '', 0x01: '8514-compat' } },
      0x01: 'XGA',
      0x02: '3D',
      ...MISCELLANEOUS,
    },
  },
  0x04: {
    name: 'multimedia',
    subclasses: { 0x00: 'video', 0x01: 'audio', 0x02: 'telephony', 0x03: 'HD audio', ...MISCELLANEOUS },
  },
  0x05: { name: 'memory', subclasses: { 0x00: 'RAM', 0x01: 'flash', ...MISCELLANEOUS } },
  0x06: {
    name: 'bridge',
    subclasses: {
      0x00: 'host',
      0x01: 'ISA',
      0x02: 'EISA',
      0x03: 'MicroChannel',
      0x04: { name: 'PCI', interfaces: { 0x00: '', 0x01: 'subtractive decode' } },
      0x05: 'PCMCIA',
      0x06: 'NuBus',
      0x07: 'CardBus',
      0x08: 'RACEway',
      0x09: {
        name: 'Semi-transparent PCI',
        interfaces: { 0x40: 'primary side facing host', 0x80: 'secondary side facing host' },
      },
      0x0a: 'InfiniBand',
      ...MISCELLANEOUS,
    },
  },
  0x07: {
    name: 'communications',
    subclasses: {
      0x00: {
        name: 'serial',
        interfaces: {
          0x00: 'genric XT-compat',
          0x01: '16450-compat',
          0x02: '16550-compat',
          0x03: '16650-compat',
          0x04: '16750-compat',
          0x05: '16850-compat',
          0x06: '16950-compat',
        },
      },
      0x01: {
        name: 'parallel',
        interfaces: {
          0x00: '',
          0x01: 'bi-directional',
          0x02: 'ECP 1.X-compat',
          0x03: 'IEEE1284',
          0xfe: 'IEE1284 target',
        },
      },
      0x02: 'multi-port serial',
      0x03: {
        name: 'modem',
        interfaces: {
          0x00: '',
          0x01: 'Hayes&16450-compat',
          0x02: 'Hayes&16550-compat',
          0x03: 'Hayes&16650-compat',
          0x04: 'Hayes&16750-compat',
        },
      },
      0x04: 'GPIB',
      0x05: 'smartcard',
      ...MISCELLANEOUS,
    },
  },
  0x08: {
    name: 'system',
    subclasses: {
      0x00: {
        name: 'interrupt',
        interfaces: {
          0x00: 'genric 8259',
          0x01: 'ISA PIC',
          0x02: 'EISA PIC',
          0x10: 'IO APIC',
          0x20: 'IO(x) APIC',
        },
      },
      0x01: { name: 'DMA', interfaces: { 0x00: 'genric 8237', 0x01: 'ISA', 0x02: 'EISA' } },
      0x02: { name: 'timer', interfaces: { 0x00: 'genric 8254', 0x01: 'ISA', 0x02: 'EISA' } },
      0x03: { name: 'RTC', interfaces: { 0x00: 'generic', 0x01: 'ISA' } },
      0x04: 'PCI Hot-Plug',
      0x05: 'SD Host Controller',
      0x06: 'IOMMU',
      0x07: 'Root Complex Event Collector',
      ...MISCELLANEOUS,
    },
  },
  0x09: {
    name: 'input',
    subclasses: {
      0x00: 'keyboard',
      0x01: 'digitizer',
      0x02: 'mouse',
      0x03: 'scanner',
      0x04: { name: 'game port', interfaces: { 0x00: 'generic', 0x10: 'legacy' } },
      ...MISCELLANEOUS,
    },
  },
  0x0a: { name: 'dock', subclasses: { 0x00: 'generic', ...MISCELLANEOUS } },
  0x0b: {
    name: 'processor',
    subclasses: {
      0x00: '386',
      0x01: '486',
      0x02: 'Pentium',
      0x10: 'Alpha',
      0x20: 'PowerPC',
      0x30: 'MIPS',
      0x40: 'Co-processor',
    },
  },
  0x0c: {
    name: 'serial bus',
    subclasses: {
      0x00: { name: 'IEEE1394', interfaces: { 0x00: 'Firewire', 0x10: 'OpenHCI' } },
      0x01: 'ACCESS.bus',
      0x02: 'SSA',
      0x03: {
        name: 'USB',
        interfaces: {
          0x00: 'UHCI',
          0x10: 'OHCI',
          0x20: 'EHCI',
          0x30: 'xHCI',
          0x80: 'other HC',
          0xfe: 'device',
        },
      },
      0x04: 'Fiber Channel',
      0x05: 'SMBus',
      0x06: 'InfiniBand',
      0x07: { name: 'IPMI', interfaces: { 0x00: 'SMIC', 0x01: 'keyboard', 0x02: 'block transfer' } },
      0x08: 'SERCOS',
      0x09: 'CANbus',
      ...MISCELLANEOUS,
    },
  },
  0x0d: {
    name: 'wireless',
    subclasses: {
      0x00: 'IrDA',
      0x01: 'Consumer IR',
      0x10: 'RF',
      0x11: 'bluetooth',
      0x12: 'broadband',
      0x20: '802.11a (5 GHz)',
      0x21: '802.11b (2.4 GHz)',
      ...MISCELLANEOUS,
    },
  },
  0x0e: {
    name: 'I2O',
    subclasses: {
      0x00: { name: 'standard', interfaces: { 0x00: 'FIFO at offset 0x40' } },
      ...MISCELLANEOUS,
    },
  },
  0x0f: {
    name: 'satellite comm',
    subclasses: { 0x01: 'TV', 0x02: 'audio', 0x03: 'voice', 0x04: 'data', ...MISCELLANEOUS },
  },
  0x10: {
    name: 'crypto',
    subclasses: { 0x00: 'network/computing', 0x10: 'entertainment', ...MISCELLANEOUS },
  },
  0x11: {
    name: 'DASP',
    subclasses: {
      0x00: 'DPIO',
      0x01: 'performance counters',
      0x10: 'synchronization',
      0x20: 'management',
      ...MISCELLANEOUS,
    },
  },
  0xff: { name: 'undefined', subclasses: {} },
};

export interface ClassText {
  readonly base: string | undefined;
  readonly subclass: string | undefined;
  /** Empty for the one that goes without saying. */
  readonly interface: string | undefined;
}

/** Names of base class, subclass and programming interface, 8 bits each. */
export function classWords(base: number, subclass: number, programming: number): ClassText {
  const words = CLASSES[base];
  const found = words?.subclasses[subclass];
  return {
    base: words?.name,
    subclass: typeof found === 'object' ? found.name : found,
    interface: typeof found === 'object' ? found.interfaces[programming] : undefined,
  };
}
