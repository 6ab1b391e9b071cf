/** Which input of q35's I/O APIC a function's pin is on. */
import { Header, type PciAddress } from '../../pci/index.js';
import type { Found } from './tree.js';

const PINS = 4;
/** The eight lines of PCI; devices on the root bus are on the upper four. */
const FIRST_LINE = 16;
const FIRST_DEVICE_LINE = 20;
/** From here on a device's registers in the chip set say it, whose start is a line for each pin; 30 is told apart. */
const FIRST_ROUTED_DEVICE = 25;
const BRIDGE_DEVICE = 30;

/** As QEMU's ich9 routes them at its start (hw/isa/lpc_ich9.c); undefined for a function without a pin. */
export function lineOf(found: Found): number | undefined {
  const pin = found.registers.read(Header.interruptPin, 1);
  if (pin < 1 || pin > PINS) return undefined;
  // Each bridge turns the pins of a device by its device number (PCI-to-PCI Bridge Architecture 1.2, 9.1).
  let wire = pin - 1;
  let at: PciAddress = found.address;
  for (let bridge = found.parent; bridge !== undefined; bridge = bridge.parent) {
    wire = (wire + at.device) % PINS;
    at = bridge.address;
  }
  if (at.device === BRIDGE_DEVICE) return FIRST_DEVICE_LINE + wire;
  if (at.device >= FIRST_ROUTED_DEVICE) return FIRST_LINE + wire;
  return FIRST_DEVICE_LINE + ((at.device + wire) % PINS);
}
