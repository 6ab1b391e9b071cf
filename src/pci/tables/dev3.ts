/** Register table of the Device 3 capability: what did not fit into the Express capability any more. */
import { bits, extendedCapability, flag, register, values } from '../fields.js';
import type { RegisterTable } from '../registers.js';

/** By their codes (PCI Express Base 6.0, 7.7.9.2). */
export const L0P_EXIT_LATENCIES = [
  '< 1 us',
  '< 2 us',
  '< 4 us',
  '< 8 us',
  '< 16 us',
  '< 32 us',
  '32 us to 64 us',
  '> 64 us',
];
const WIDTHS = { 0: 'x1', 1: 'x2', 2: 'x4', 3: 'x8', 4: 'x16' } as const;

export const dev3: RegisterTable = {
  name: 'dev3',
  title: 'Device 3',
  source: 'PCI Express Base 6.0, 7.7.9',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'Device capabilities 3', [
      flag(0, 'dmwr_routing', 'DMWr request routing supported'),
      flag(1, 'tag14_completer', '14-bit tag completer'),
      flag(2, 'tag14_requester', '14-bit tag requester'),
      flag(3, 'l0p', 'Receiver L0p supported'),
      bits(6, 4, 'port_l0p_exit', 'Port L0p exit latency', 'ro', values(L0P_EXIT_LATENCIES)),
      bits(9, 7, 'retimer_l0p_exit', 'Retimer L0p exit latency', 'ro', values(L0P_EXIT_LATENCIES)),
      flag(10, 'uio_completer', 'UIO memory read/write completer'),
      flag(11, 'uio_requester', 'UIO memory read/write requester'),
    ]),
    register(0x08, 4, 'control', 'Device control 3', [
      flag(0, 'dmwr_requester', 'DMWr requester enable', 'rw'),
      flag(1, 'dmwr_egress_block', 'DMWr egress blocking', 'rw'),
      flag(2, 'tag14_requester', '14-bit tag requester enable', 'rw'),
      flag(3, 'l0p', 'L0p enable', 'rw'),
      bits(6, 4, 'target_width', 'Target link width', 'rw', values({ ...WIDTHS, 7: 'dynamic' })),
      flag(7, 'uio_requester', 'UIO memory read/write requester enable', 'rw'),
      flag(8, 'uio_boundary_disable', 'UIO requester 256-byte boundary disable', 'rw'),
    ]),
    register(0x0c, 4, 'status', 'Device status 3', [
      bits(2, 0, 'initial_width', 'Initial link width', 'ro', values(WIDTHS)),
      flag(3, 'segment_captured', 'Segment captured'),
      flag(4, 'remote_l0p', 'Remote L0p supported'),
    ]),
  ],
};
