/** Register table of PCI Express over M-PHY: links between chips of a mobile device. */
import { bits, extendedCapability, flag, hex, register, values, whole } from '../fields.js';
import type { Access, Field, RegisterTable } from '../registers.js';

function gears(access: Access): Field[] {
  return [flag(0, 'gear1', 'HS-G1 (2.5 GT/s)', access), flag(1, 'gear2', 'HS-G2 (5 GT/s)', access)];
}

/** One bit a width, in the order of the widths. */
function widths(low: number, name: string, direction: string): Field[] {
  return [1, 2, 4, 8, 12, 16, 32].map((lanes, bit) =>
    flag(low + bit, `${name}_x${lanes}`, `${direction} width x${lanes}`),
  );
}

export const mpcie: RegisterTable = {
  name: 'mpcie',
  title: 'PCI Express over M-PHY',
  source: 'PCI Express Base 3.1, 7.33 (M-PCIe)',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'M-PCIe capabilities', [
      ...gears('ro'),
      flag(15, 'configuration_software', 'Configuration.Software state supported'),
      ...widths(16, 'tx', 'Transmit'),
      ...widths(24, 'rx', 'Receive'),
    ]),
    register(0x08, 4, 'control', 'M-PCIe control: target link speed', gears('rw')),
    register(0x0c, 4, 'status', 'M-PCIe status', [
      ...gears('ro'),
      flag(15, 'configuration_software', 'In the Configuration.Software state'),
      bits(23, 16, 'tx_width', 'Transmit lanes'),
      bits(31, 24, 'rx_width', 'Receive lanes'),
    ]),
    whole(0x10, 4, 'lane_errors', 'Lane error status, bit n for lane n', 'w1c', hex()),
    register(0x14, 4, 'phy_address', 'M-PHY control address', [
      bits(7, 0, 'lower', 'Lower address of the register', 'rw', hex()),
      bits(20, 16, 'upper', 'Upper address, bits 4:0', 'rw', hex()),
      flag(24, 'upper5', 'Upper address, bit 5', 'rw'),
      bits(27, 25, 'location', 'Which PHY of the link', 'rw', values(['local', 'remote'])),
      flag(30, 'read', 'Read the register', 'rw'),
      flag(31, 'hold', 'Stay in the Configuration.Software state', 'rw'),
    ]),
    register(0x18, 4, 'phy_data', 'M-PHY control data', [
      bits(7, 0, 'data', 'Content of the register', 'rw', hex()),
      flag(29, 'error', 'The operation ended in an error', 'w1c'),
      flag(30, 'abort', 'The response was an abort'),
      flag(31, 'pending', 'The operation is under way'),
    ]),
  ],
};
