/** The I/O window of a PCnet controller after it was switched to 32 bits: registers stand behind a port for their number. */
import { bits, hex, register, whole } from '../fields.js';
import { registerMap } from '../register-map.js';

export const pcnetRegisters = registerMap({
  name: 'pcnet',
  title: 'PCnet-PCI II Ethernet controller',
  source: 'AMD Am79C970A data sheet, 19436E: PCI I/O resources',
  space: 'bar0',
  devices: [{ vendor: 0x1022, device: 0x2000 }],
  registers: [
    register(0x00, 4, 'aprom_low', 'Address PROM, bytes 0 to 3 of the MAC address', [
      bits(31, 0, 'address', 'Address', 'ro', hex()),
    ]),
    register(0x04, 4, 'aprom_high', 'Address PROM, bytes 4 to 7', [
      bits(15, 0, 'address', 'Bytes 4 and 5 of the MAC address', 'ro', hex()),
    ]),
    whole(0x10, 4, 'rdp', 'Control and status register that the address port names', 'rw'),
    register(0x14, 4, 'rap', 'Address port', [
      bits(6, 0, 'index', 'Number of a control and status or bus configuration register', 'rw'),
    ]),
    whole(0x18, 4, 'reset', 'A read resets the controller, and its window to 16 bits', 'rc'),
    whole(0x1c, 4, 'bdp', 'Bus configuration register that the address port names', 'rw'),
  ],
});
