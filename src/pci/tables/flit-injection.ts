/** Register table of flit error injection: errors that a link in flit mode makes on purpose. */
import { bits, extendedCapability, flag, hex, register, sticky, values } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';

const STATUS = values(['nothing injected', 'started', 'completed', 'aborted']);
const RATES = ['2.5', '5.0', '8.0', '16.0', '32.0', '64.0'];
const FLIT_TYPES = values([
  'any flit',
  'non-idle flits',
  'payload flits',
  'NOP flits',
  'idle flits',
  'a payload flit and its repeats',
  'a payload flit and repeats of one',
]);
const ERROR_TYPES = values([
  'random',
  'correctable in one group',
  'correctable in all groups',
  'uncorrectable',
]);

/** What errors of ordered sets can be injected into: by their kind, and by the state that the link is in. */
const ORDERED_SETS = [
  ['ts0', 'TS0'],
  ['ts1', 'TS1'],
  ['ts2', 'TS2'],
  ['skp', 'SKP'],
  ['eieos', 'EIEOS'],
  ['eios', 'EIOS'],
  ['sds', 'SDS'],
  ['polling', 'polling'],
  ['configuration', 'configuration'],
  ['l0', 'L0'],
  ['recovery', 'recovery without equalization'],
  ['phase01', 'equalization phases 0 and 1'],
  ['phase2', 'equalization phase 2'],
  ['phase3', 'equalization phase 3'],
] as const;

function orderedSetStatus(direction: string): Field[] {
  return ORDERED_SETS.map(([name, title], index) =>
    sticky(bits(index * 2 + 1, index * 2, name, `${direction} injection status, ${title}`, 'ro', STATUS)),
  );
}

export const flitInjection: RegisterTable = {
  name: 'flit_inject',
  title: 'Flit Error Injection',
  source: 'PCI Express Base 6.0, 7.8.13',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'Flit error injection capability', []),
    register(0x08, 4, 'control1', 'Flit error injection control 1', [
      flag(0, 'enable', 'Flit error injection enable', 'rw'),
      flag(1, 'transmit', 'Inject errors on transmitted flits', 'rw'),
      flag(2, 'receive', 'Inject errors on received flits', 'rw'),
      ...RATES.map((rate, index) =>
        flag(3 + index, `rate_${rate.replace('.', '_')}`, `Inject at ${rate} GT/s`, 'rw'),
      ),
      bits(20, 16, 'count', 'Number of errors injected; 0 until disabled', 'rw'),
      bits(28, 21, 'spacing', 'Flits between injected errors; 0 for random', 'rw'),
      bits(31, 29, 'flit_type', 'Injection on flit type', 'rw', FLIT_TYPES),
    ]),
    register(0x0c, 4, 'control2', 'Flit error injection control 2', [
      bits(2, 0, 'consecutive', 'Consecutive error injection; 7 for a random number', 'rw'),
      bits(4, 3, 'type', 'Error type being injected', 'rw', ERROR_TYPES),
      bits(11, 5, 'offset', 'Error offset within flit', 'rw'),
      bits(19, 12, 'magnitude', 'Error magnitude; 0 for random', 'rw', hex()),
    ]),
    register(0x10, 4, 'status', 'Flit error injection status', [
      bits(1, 0, 'transmit', 'Flit error Tx injection status', 'ro', STATUS),
      bits(3, 2, 'receive', 'Flit error Rx injection status', 'ro', STATUS),
    ]),
    register(0x14, 4, 'ordered_control1', 'Ordered set error injection control 1', [
      sticky(flag(0, 'enable', 'Ordered set error injection enable', 'rw')),
      sticky(flag(1, 'transmit', 'Inject errors on transmitted ordered sets', 'rw')),
      sticky(flag(2, 'receive', 'Inject errors on received ordered sets', 'rw')),
      sticky(bits(7, 3, 'count', 'Number of errors injected; 0 until disabled', 'rw')),
      sticky(bits(15, 8, 'spacing', 'Ordered sets between injected errors; 0 for random', 'rw')),
      ...ORDERED_SETS.map(([name, title], index) =>
        sticky(flag(16 + index, name, `Inject error in ${title}`, 'rw')),
      ),
    ]),
    register(0x18, 4, 'ordered_control2', 'Ordered set error injection control 2', [
      sticky(bits(15, 0, 'bytes', 'Error injection bytes; 0 for a random one', 'rw', hex())),
      sticky(bits(31, 16, 'lanes', 'Lanes, bit n for lane n', 'rw', hex())),
    ]),
    register(0x1c, 4, 'ordered_transmit', 'Ordered set error Tx injection status', orderedSetStatus('Tx')),
    register(0x20, 4, 'ordered_receive', 'Ordered set error Rx injection status', orderedSetStatus('Rx')),
  ],
};
