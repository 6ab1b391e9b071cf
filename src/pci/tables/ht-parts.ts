/** Registers that both interface blocks of HyperTransport have, for each of their links. */
import { bits, flag, number, register, sticky, values } from '../fields.js';
import type { Field, Register } from '../registers.js';

const WIDTHS = values({
  0: '8 bits',
  1: '16 bits',
  3: '32 bits',
  4: '2 bits',
  5: '4 bits',
  7: 'not connected',
});

/** `link` is the number of the link as it stands in names, empty where there is only one. */
export function linkControl(offset: number, link: string): Register {
  return register(offset, 2, `control${link}`, `Link control ${link}`.trim(), [
    flag(1, 'crc_flood', 'CRC flood enable', 'rw'),
    flag(2, 'crc_test', 'CRC start test', 'rw'),
    flag(3, 'crc_force', 'CRC force error', 'rw'),
    sticky(flag(4, 'failure', 'Link failure', 'w1c')),
    flag(5, 'initialized', 'Initialization complete'),
    flag(6, 'end_of_chain', 'End of chain', 'rw'),
    flag(7, 'transmitter_off', 'Transmitter off', 'rw'),
    sticky(bits(11, 8, 'crc_error', 'CRC error, one bit for each lane byte', 'w1c')),
    flag(12, 'isochronous', 'Isochronous flow control enable', 'rw'),
    flag(13, 'ldtstop', 'LDTSTOP# tristate enable', 'rw'),
    flag(14, 'extended_ctl', 'Extended CTL time', 'rw'),
    flag(15, 'address64', '64-bit addressing enable', 'rw'),
  ]);
}

export function linkConfig(offset: number, link: string): Register {
  return register(offset, 2, `config${link}`, `Link configuration ${link}`.trim(), [
    bits(2, 0, 'max_width_in', 'Maximum width in', 'ro', WIDTHS),
    flag(3, 'flow_in', 'Doubleword flow control in'),
    bits(6, 4, 'max_width_out', 'Maximum width out', 'ro', WIDTHS),
    flag(7, 'flow_out', 'Doubleword flow control out'),
    sticky(bits(10, 8, 'width_in', 'Width in', 'rw', WIDTHS)),
    flag(11, 'flow_in_enable', 'Doubleword flow control in enable', 'rw'),
    sticky(bits(14, 12, 'width_out', 'Width out', 'rw', WIDTHS)),
    flag(15, 'flow_out_enable', 'Doubleword flow control out enable', 'rw'),
  ]);
}

const FREQUENCIES = values({
  0: '200 MHz',
  1: '300 MHz',
  2: '400 MHz',
  3: '500 MHz',
  4: '600 MHz',
  5: '800 MHz',
  6: '1.0 GHz',
  7: '1.2 GHz',
  8: '1.4 GHz',
  9: '1.6 GHz',
  15: 'vendor specific',
});

export function linkFrequency(offset: number, link: string): Register {
  return register(offset, 1, `frequency${link}`, `Link frequency ${link}`.trim(), [
    sticky(bits(3, 0, 'frequency', 'Frequency', 'rw', FREQUENCIES)),
    flag(4, 'protocol', 'Protocol error', 'w1c'),
    flag(5, 'overflow', 'Overflow error', 'w1c'),
    flag(6, 'end_of_chain', 'End of chain error', 'w1c'),
    flag(7, 'ctl_timeout', 'CTL timeout of a second instead of a millisecond', 'rw'),
  ]);
}

/** Bit n: frequency n of {@link FREQUENCIES}. */
export function linkFrequencies(offset: number, link: string): Register {
  return register(offset, 2, `frequencies${link}`, `Link frequency capability ${link}`.trim(), [
    flag(0, 'mhz200', '200 MHz'),
    flag(1, 'mhz300', '300 MHz'),
    flag(2, 'mhz400', '400 MHz'),
    flag(3, 'mhz500', '500 MHz'),
    flag(4, 'mhz600', '600 MHz'),
    flag(5, 'mhz800', '800 MHz'),
    flag(6, 'ghz1_0', '1.0 GHz'),
    flag(7, 'ghz1_2', '1.2 GHz'),
    flag(8, 'ghz1_4', '1.4 GHz'),
    flag(9, 'ghz1_6', '1.6 GHz'),
    flag(15, 'vendor', 'Vendor specific'),
  ]);
}

export function revision(offset: number): Register {
  return register(offset, 1, 'revision', 'Revision of the specification', [
    bits(4, 0, 'minor', 'Minor revision', 'ro', number()),
    bits(7, 5, 'major', 'Major revision', 'ro', number()),
  ]);
}

/** Feature bits that both blocks have. */
export function features(): Field[] {
  return [
    flag(0, 'isochronous', 'Isochronous flow control mode'),
    flag(1, 'ldtstop', 'LDTSTOP#'),
    flag(2, 'crc_test', 'CRC test mode'),
    flag(3, 'extended_ctl', 'Extended CTL time required'),
    flag(4, 'address64', '64-bit addressing'),
    flag(5, 'unit_reorder_disable', 'UnitID reordering can be switched off'),
  ];
}

export function errorHandling(offset: number, when?: Register['when']): Register {
  return register(
    offset,
    2,
    'errors',
    'Error handling',
    [
      flag(0, 'protocol_flood', 'Protocol error flood enable', 'rw'),
      flag(1, 'overflow_flood', 'Overflow error flood enable', 'rw'),
      flag(2, 'protocol_fatal', 'Protocol error fatal enable', 'rw'),
      flag(3, 'overflow_fatal', 'Overflow error fatal enable', 'rw'),
      flag(4, 'end_of_chain_fatal', 'End of chain error fatal enable', 'rw'),
      flag(5, 'response_fatal', 'Response error fatal enable', 'rw'),
      flag(6, 'crc_fatal', 'CRC error fatal enable', 'rw'),
      flag(7, 'serr_fatal', 'SERR# fatal enable', 'rw'),
      flag(8, 'chain_fail', 'Chain fail'),
      flag(9, 'response', 'Response error', 'w1c'),
      flag(10, 'protocol_non_fatal', 'Protocol error non-fatal enable', 'rw'),
      flag(11, 'overflow_non_fatal', 'Overflow error non-fatal enable', 'rw'),
      flag(12, 'end_of_chain_non_fatal', 'End of chain error non-fatal enable', 'rw'),
      flag(13, 'response_non_fatal', 'Response error non-fatal enable', 'rw'),
      flag(14, 'crc_non_fatal', 'CRC error non-fatal enable', 'rw'),
      flag(15, 'serr_non_fatal', 'SERR# non-fatal enable', 'rw'),
    ],
    when,
  );
}
