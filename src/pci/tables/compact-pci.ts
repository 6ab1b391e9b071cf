/** Register tables of CompactPCI's two capabilities. */
import { bits, capabilityList, flag, register } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const compactPciHotSwap: RegisterTable = {
  name: 'cpci_hotswap',
  title: 'CompactPCI Hot Swap',
  source: 'PICMG 2.1 R2.0, 3.1',
  registers: [
    capabilityList(),
    register(2, 1, 'hs_csr', 'Hot swap control and status', [
      flag(0, 'device_hiding', 'Device hiding arm', 'rw'),
      flag(1, 'enum_mask', 'ENUM# signal mask', 'rw'),
      flag(2, 'pending', 'Pending insertion or extraction'),
      flag(3, 'led', 'LED on', 'rw'),
      bits(5, 4, 'programming_interface', 'Programming interface'),
      flag(6, 'extraction', 'ENUM# status, extraction', 'w1c'),
      flag(7, 'insertion', 'ENUM# status, insertion', 'w1c'),
    ]),
  ],
};

/** Its registers are a vendor's own. */
export const compactPciCentralResource: RegisterTable = {
  name: 'cpci_crc',
  title: 'CompactPCI Central Resource Control',
  source: 'PICMG 2.13',
  registers: [capabilityList()],
};
