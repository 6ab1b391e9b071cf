/** The simulated machine's test device: what it counts, in BAR 2, which does not count itself. */
import { number, whole } from '../fields.js';
import { registerMap } from '../register-map.js';

function counter<const Name extends string>(offset: number, name: Name, title: string) {
  return whole(offset, 4, name, title, 'ro', number());
}

export const testdevRegisters = registerMap({
  name: 'testdev',
  title: 'Access counters of the test device',
  source: 'machines/sim/models/testdev.ts',
  space: 'bar2',
  devices: [{ vendor: 0x1234, device: 0x5100 }],
  registers: [
    counter(0x00, 'memory_reads_8', 'Memory reads of 8 bits'),
    counter(0x04, 'memory_reads_16', 'Memory reads of 16 bits'),
    counter(0x08, 'memory_reads_32', 'Memory reads of 32 bits'),
    counter(0x0c, 'memory_reads_64', 'Memory reads of 64 bits'),
    counter(0x10, 'memory_writes_8', 'Memory writes of 8 bits'),
    counter(0x14, 'memory_writes_16', 'Memory writes of 16 bits'),
    counter(0x18, 'memory_writes_32', 'Memory writes of 32 bits'),
    counter(0x1c, 'memory_writes_64', 'Memory writes of 64 bits'),
    counter(0x20, 'port_reads_8', 'Port reads of 8 bits'),
    counter(0x24, 'port_reads_16', 'Port reads of 16 bits'),
    counter(0x28, 'port_reads_32', 'Port reads of 32 bits'),
    counter(0x30, 'port_writes_8', 'Port writes of 8 bits'),
    counter(0x34, 'port_writes_16', 'Port writes of 16 bits'),
    counter(0x38, 'port_writes_32', 'Port writes of 32 bits'),
    whole(0x40, 4, 'clear', 'Any write sets all counters to 0', 'wo'),
  ],
});
