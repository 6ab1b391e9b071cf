/** Names of the capability ids of both lists, as data. */

export interface CapabilityName {
  /** Short name: the first part of dotted names where there is a register table. */
  readonly name: string;
  readonly title: string;
}

function names(
  list: Readonly<Record<number, readonly [string, string]>>,
): ReadonlyMap<number, CapabilityName> {
  return new Map(Object.entries(list).map(([id, [name, title]]) => [Number(id), { name, title }]));
}

/** Ids of the standard list that have a register table here. */
export const CapabilityId = { pm: 0x01, vpd: 0x03, msi: 0x05, pcie: 0x10, msix: 0x11 } as const;
export type CapabilityId = (typeof CapabilityId)[keyof typeof CapabilityId];

/** Ids of the extended list that something here knows by number. */
export const ExtendedCapabilityId = {
  null: 0x0000,
  aer: 0x0001,
  vc: 0x0002,
  dsn: 0x0003,
  powerBudget: 0x0004,
  rcLink: 0x0005,
  rcInternalLink: 0x0006,
  rcec: 0x0007,
  mfvc: 0x0008,
  vc9: 0x0009,
  rcrb: 0x000a,
  acs: 0x000d,
  ari: 0x000e,
  ats: 0x000f,
  sriov: 0x0010,
  mriov: 0x0011,
  multicast: 0x0012,
  pri: 0x0013,
  dpa: 0x0016,
  tph: 0x0017,
  ltr: 0x0018,
  secondary: 0x0019,
  pmux: 0x001a,
  pasid: 0x001b,
  lnr: 0x001c,
  dpc: 0x001d,
  l1ss: 0x001e,
  ptm: 0x001f,
} as const;

/** Standard list, ids of 8 bits (PCI Code and ID Assignment, 2). */
export const capabilityNames = names({
  0x00: ['null', 'Null'],
  0x01: ['pm', 'Power Management'],
  0x02: ['agp', 'AGP'],
  0x03: ['vpd', 'Vital Product Data'],
  0x04: ['slotid', 'Slot Identification'],
  0x05: ['msi', 'Message Signaled Interrupts'],
  0x06: ['cpci_hotswap', 'CompactPCI Hot Swap'],
  0x07: ['pcix', 'PCI-X'],
  0x08: ['ht', 'HyperTransport'],
  0x09: ['vendor', 'Vendor Specific'],
  0x0a: ['debug', 'Debug Port'],
  0x0b: ['cpci_crc', 'CompactPCI Central Resource Control'],
  0x0c: ['shpc', 'Hot-Plug Controller'],
  0x0d: ['ssvid', 'Bridge Subsystem ID'],
  0x0e: ['agp8x', 'AGP 8x'],
  0x0f: ['secure', 'Secure Device'],
  0x10: ['pcie', 'PCI Express'],
  0x11: ['msix', 'MSI-X'],
  0x12: ['sata', 'SATA Index and Data'],
  0x13: ['af', 'Advanced Features'],
  0x14: ['ea', 'Enhanced Allocation'],
  0x15: ['fpb', 'Flattening Portal Bridge'],
});

/** Extended list, ids of 16 bits (PCI Code and ID Assignment, 3). */
export const extendedCapabilityNames = names({
  0x00: ['null', 'Null'],
  0x01: ['aer', 'Advanced Error Reporting'],
  0x02: ['vc', 'Virtual Channel'],
  0x03: ['dsn', 'Device Serial Number'],
  0x04: ['power_budget', 'Power Budgeting'],
  0x05: ['rc_link', 'Root Complex Link Declaration'],
  0x06: ['rc_internal_link', 'Root Complex Internal Link Control'],
  0x07: ['rcec', 'Root Complex Event Collector Association'],
  0x08: ['mfvc', 'Multi-Function Virtual Channel'],
  0x09: ['vc9', 'Virtual Channel (with MFVC)'],
  0x0a: ['rcrb', 'Root Complex Register Block'],
  0x0b: ['vsec', 'Vendor Specific Extended'],
  0x0d: ['acs', 'Access Control Services'],
  0x0e: ['ari', 'Alternative Routing-ID'],
  0x0f: ['ats', 'Address Translation Services'],
  0x10: ['sriov', 'Single Root I/O Virtualization'],
  0x11: ['mriov', 'Multi-Root I/O Virtualization'],
  0x12: ['multicast', 'Multicast'],
  0x13: ['pri', 'Page Request Interface'],
  0x15: ['rebar', 'Resizable BAR'],
  0x16: ['dpa', 'Dynamic Power Allocation'],
  0x17: ['tph', 'Processing Hints Requester'],
  0x18: ['ltr', 'Latency Tolerance Reporting'],
  0x19: ['secondary', 'Secondary PCI Express'],
  0x1a: ['pmux', 'Protocol Multiplexing'],
  0x1b: ['pasid', 'Process Address Space ID'],
  0x1c: ['lnr', 'LN Requester'],
  0x1d: ['dpc', 'Downstream Port Containment'],
  0x1e: ['l1ss', 'L1 PM Substates'],
  0x1f: ['ptm', 'Precision Time Measurement'],
  0x20: ['mpcie', 'PCI Express over M-PHY'],
  0x21: ['frs', 'FRS Queueing'],
  0x22: ['readiness', 'Readiness Time Reporting'],
  0x23: ['dvsec', 'Designated Vendor Specific'],
  0x24: ['vf_rebar', 'VF Resizable BAR'],
  0x25: ['data_link', 'Data Link Feature'],
  0x26: ['phy16', 'Physical Layer 16.0 GT/s'],
  0x27: ['margining', 'Lane Margining at the Receiver'],
  0x28: ['hierarchy', 'Hierarchy ID'],
  0x29: ['npem', 'Native Enclosure Management'],
  0x2a: ['phy32', 'Physical Layer 32.0 GT/s'],
  0x2b: ['alternate_protocol', 'Alternate Protocol'],
  0x2c: ['sfi', 'System Firmware Intermediary'],
  0x2e: ['doe', 'Data Object Exchange'],
  0x2f: ['dev3', 'Device 3'],
  0x30: ['ide', 'Integrity and Data Encryption'],
  0x31: ['phy64', 'Physical Layer 64.0 GT/s'],
  0x32: ['flit_log', 'Flit Logging'],
  0x33: ['flit_perf', 'Flit Performance Measurement'],
  0x34: ['flit_inject', 'Flit Error Injection'],
  0x36: ['mmio_locator', 'MMIO Register Block Locator'],
});
