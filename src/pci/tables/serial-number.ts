/** Register table of the device serial number. */
import { extendedCapability, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const dsn: RegisterTable = {
  name: 'dsn',
  title: 'Device Serial Number',
  source: 'PCI Express Base 6.0, 7.9.3',
  registers: [
    extendedCapability(),
    whole(0x04, 4, 'low', 'Serial number (EUI-64), lower half'),
    whole(0x08, 4, 'high', 'Serial number (EUI-64), upper half'),
  ],
};
