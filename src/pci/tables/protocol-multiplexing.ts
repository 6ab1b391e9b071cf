/** Register table of protocol multiplexing: other protocols on the lanes of a link. */
import { bits, extendedCapability, flag, hex, placed, register } from '../fields.js';
import type { Register, RegisterReader, RegisterTable } from '../registers.js';

const CHANNELS = [0, 1, 2, 3] as const;

function protocol(bytes: RegisterReader, index: number): number | undefined {
  return index < (bytes.read(0x04, 1) & 0x3f) ? 0x10 + index * 4 : undefined;
}

const PROTOCOL: Register = register(0x10, 4, 'protocol', 'PMUX protocol', [
  bits(15, 0, 'id', 'Protocol ID', 'ro', hex()),
  bits(31, 16, 'authority', 'Authority ID', 'ro', hex()),
]);

export const pmux: RegisterTable = {
  name: 'pmux',
  title: 'Protocol Multiplexing',
  source: 'PCI Express Base 4.0, G.5',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'PMUX capability', [
      bits(5, 0, 'protocols', 'Protocol array size'),
      bits(15, 8, 'speeds', 'Supported link speeds', 'ro', hex()),
    ]),
    register(
      0x08,
      4,
      'control',
      'PMUX control',
      CHANNELS.map((channel) =>
        bits(channel * 8 + 5, channel * 8, `channel${channel}`, `Protocol of channel ${channel}`, 'rw'),
      ),
    ),
    register(
      0x0c,
      4,
      'status',
      'PMUX status',
      CHANNELS.flatMap((channel) => [
        flag(channel * 8, `channel${channel}_speed`, `Channel ${channel} disabled: link speed`),
        flag(channel * 8 + 1, `channel${channel}_width`, `Channel ${channel} disabled: link width`),
      ]),
    ),
    placed(PROTOCOL, 63, 4, protocol),
  ],
};
