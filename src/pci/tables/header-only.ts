/** Register tables of extended capabilities of which nothing is known here but their header: where they stand, and what follows. */
import { extendedCapabilityNames } from '../capability-ids.js';
import { extendedCapability } from '../fields.js';
import type { RegisterTable } from '../registers.js';

/** Multi-Root I/O Virtualization, Streamlined Virtual Channel, NOP Flit, Scalable I/O Virtualization, 128.0 GT/s, Captured Data. */
const IDS = [0x11, 0x35, 0x37, 0x38, 0x39, 0x3a];

/** By id. */
export const headerOnly: ReadonlyMap<number, RegisterTable> = new Map(
  IDS.flatMap((id) => {
    const known = extendedCapabilityNames.get(id);
    if (known === undefined) return [];
    return [[id, { ...known, source: 'PCI Code and ID Assignment, 3', registers: [extendedCapability()] }]];
  }),
);
