/** The registers of configuration space that programs work with by number; the tables have the same ones by name. */
import type { RegisterReader } from './registers.js';

/** Offsets in every header (PCI Local Bus 3.0, 6.1). */
export const Header = {
  vendor: 0x00,
  device: 0x02,
  command: 0x04,
  status: 0x06,
  revision: 0x08,
  baseClass: 0x0b,
  cacheLine: 0x0c,
  type: 0x0e,
  bist: 0x0f,
  firstBar: 0x10,
  /** The first byte after the six BARs of a device. */
  barsEnd: 0x28,
  interruptLine: 0x3c,
  interruptPin: 0x3d,
} as const;

/** Bits of Command, 16 bits at {@link Header.command} (PCI Local Bus 3.0, 6.2.2). */
export const CommandBit = {
  io: 0x001,
  memory: 0x002,
  busMaster: 0x004,
  serr: 0x100,
  intxDisable: 0x400,
} as const;

/** Bits of MSI's message control, 16 bits at 2 (PCI Local Bus 3.0, 6.8.1.3). */
export const MsiControl = { enable: 0x0001, wide: 0x0080, maskable: 0x0100 } as const;

/** Bits of MSI-X's message control, 16 bits at 2 (PCI Local Bus 3.0, 6.8.2.3). */
export const MsixControl = { maskAll: 0x4000, enable: 0x8000 } as const;

/** Bytes of one entry of the vector table: address, its upper half, data and vector control, 4 each. */
export const MSIX_ENTRY_BYTES = 16;

/** Entries of the vector table of an MSI-X capability. */
export function msixVectors(reader: RegisterReader, capability: number): number {
  return (reader.read(capability + 2, 2) & 0x7ff) + 1;
}

/** Where the vector table of an MSI-X capability stands: the index of its BAR, and its offset there. */
export function msixTable(
  reader: RegisterReader,
  capability: number,
): { readonly region: number; readonly offset: number } {
  const location = reader.read(capability + 4, 4);
  return { region: location & 7, offset: (location & ~7) >>> 0 };
}
