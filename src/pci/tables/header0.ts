/** Register table of the type 0 header: a device that is no bridge. */
import { number, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';
import { barRegister, commonRegisters, interruptRegisters, romRegister } from './header-common.js';

export const header0: RegisterTable = {
  name: 'header',
  title: 'Type 0 configuration header',
  source: 'PCI Local Bus 3.0, 6.1; PCI Express Base 6.0, 7.5.1.2',
  registers: [
    ...commonRegisters,
    ...[0, 1, 2, 3, 4, 5].map(barRegister),
    whole(0x28, 4, 'cardbus_cis', 'CardBus CIS pointer'),
    whole(0x2c, 2, 'subsystem_vendor', 'Subsystem vendor ID'),
    whole(0x2e, 2, 'subsystem', 'Subsystem ID'),
    romRegister(0x30),
    whole(0x34, 1, 'capabilities', 'Capabilities pointer'),
    ...interruptRegisters,
    whole(0x3e, 1, 'min_grant', 'Minimum grant', 'ro', number('ns', 250)),
    whole(0x3f, 1, 'max_latency', 'Maximum latency', 'ro', number('ns', 250)),
  ],
};
