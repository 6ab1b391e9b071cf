/** The simulated machine's device whose registers careless accesses damage. */
import { number, whole } from '../fields.js';
import { registerMap } from '../register-map.js';

export const clearingRegisters = registerMap({
  name: 'clearing',
  title: 'Registers with side effects',
  source: 'machines/sim/models/clearing.ts',
  space: 'bar0',
  devices: [{ vendor: 0x1234, device: 0x5101 }],
  registers: [
    whole(0x00, 4, 'latch', 'Events since the last read', 'rc'),
    whole(0x04, 4, 'status', 'Events that were not acknowledged', 'w1c'),
    whole(0x08, 4, 'trigger', 'Events that happen now', 'wo'),
    whole(0x0c, 4, 'enable', 'Status bits that interrupt', 'rw'),
    whole(0x10, 4, 'count', 'Events so far', 'ro', number()),
  ],
});
