/** Register tables of what power a device draws, and of how it can be told to draw less. */
import { bits, extendedCapability, flag, number, placed, register, values, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const OPERATION = values({
  0: 'PME auxiliary',
  1: 'auxiliary',
  2: 'idle',
  3: 'sustained',
  4: 'sustained, emergency power reduction',
  5: 'maximum, emergency power reduction',
  7: 'maximum',
});
const RAIL = values({ 0: '12 V', 1: '3.3 V', 2: '1.5 V or 1.8 V', 7: 'thermal' });

/** One row of the device's table at a time: software selects its number, then reads the data. */
export const powerBudget: RegisterTable = {
  name: 'power_budget',
  title: 'Power Budgeting',
  source: 'PCI Express Base 6.0, 7.8.1',
  registers: [
    extendedCapability(),
    whole(0x04, 1, 'select', 'Data select', 'rw', number()),
    register(0x08, 4, 'data', 'Data of the selected row', [
      bits(7, 0, 'base_power', 'Base power'),
      bits(9, 8, 'scale', 'Data scale', 'ro', values(['1 W', '0.1 W', '0.01 W', '0.001 W'])),
      bits(12, 10, 'substate', 'PM sub state', 'ro', values(['default'])),
      bits(14, 13, 'state', 'PM state', 'ro', values(['D0', 'D1', 'D2', 'D3'])),
      bits(17, 15, 'type', 'Type of operation', 'ro', OPERATION),
      bits(20, 18, 'rail', 'Power rail', 'ro', RAIL),
    ]),
    register(0x0c, 1, 'cap', 'Power budget capability', [
      flag(0, 'system_allocated', 'Included in the system power budget'),
    ]),
  ],
};

const LATENCY_UNIT = values(['1 ms', '10 ms', '100 ms']);
const POWER_SCALE = values(['10 W', '1 W', '0.1 W', '0.01 W']);

/** One byte for each substate. */
function allocation(bytes: RegisterReader, index: number): number | undefined {
  return index <= (bytes.read(0x04, 1) & 0x1f) ? 0x10 + index : undefined;
}

/** Substates of D0 that software chooses among. */
export const dpa: RegisterTable = {
  name: 'dpa',
  title: 'Dynamic Power Allocation',
  source: 'PCI Express Base 6.0, 7.9.12',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'DPA capability', [
      bits(4, 0, 'substate_max', 'Greatest substate'),
      bits(9, 8, 'latency_unit', 'Transition latency unit', 'ro', LATENCY_UNIT),
      bits(13, 12, 'power_scale', 'Power allocation scale', 'ro', POWER_SCALE),
      bits(23, 16, 'latency0', 'Transition latency value 0'),
      bits(31, 24, 'latency1', 'Transition latency value 1'),
    ]),
    whole(0x08, 4, 'latency_indicator', 'Substates with transition latency value 1'),
    register(0x0c, 2, 'status', 'DPA status', [
      bits(4, 0, 'substate', 'Substate'),
      flag(8, 'control_enabled', 'Substate control enabled', 'w1c'),
    ]),
    register(0x0e, 2, 'control', 'DPA control', [bits(4, 0, 'substate', 'Substate control', 'rw')]),
    placed(whole(0x10, 1, 'power', 'Power of a substate', 'ro', number()), 32, 1, allocation),
  ],
};
