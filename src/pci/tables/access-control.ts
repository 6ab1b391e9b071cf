/** Register tables of what decides where a function's requests may go: ACS, and the routing IDs of ARI. */
import { bits, extendedCapability, flag, hex, number, placed, register, values, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';

const TARGET = values(['direct request access', 'request blocking', 'request redirect']);

/** One bit for each port or function: as many dwords as hold them, where the function can control egress at all. */
function egressVector(bytes: RegisterReader, index: number): number | undefined {
  if ((bytes.read(0x04, 1) & 0x20) === 0) return undefined;
  const ports = bytes.read(0x05, 1) || 256;
  return index * 32 < ports ? 0x08 + index * 4 : undefined;
}

export const acs: RegisterTable = {
  name: 'acs',
  title: 'Access Control Services',
  source: 'PCI Express Base 6.0, 7.7.11',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'ACS capability', [
      flag(0, 'source_validation', 'Source validation'),
      flag(1, 'translation_blocking', 'Translation blocking'),
      flag(2, 'request_redirect', 'P2P request redirect'),
      flag(3, 'completion_redirect', 'P2P completion redirect'),
      flag(4, 'upstream_forwarding', 'Upstream forwarding'),
      flag(5, 'egress_control', 'P2P egress control'),
      flag(6, 'direct_translated', 'Direct translated P2P'),
      flag(7, 'enhanced', 'Enhanced capability'),
      bits(15, 8, 'vector_size', 'Egress control vector size (0 stands for 256)', 'ro', number('bits')),
    ]),
    register(0x06, 2, 'control', 'ACS control', [
      flag(0, 'source_validation', 'Source validation', 'rw'),
      flag(1, 'translation_blocking', 'Translation blocking', 'rw'),
      flag(2, 'request_redirect', 'P2P request redirect', 'rw'),
      flag(3, 'completion_redirect', 'P2P completion redirect', 'rw'),
      flag(4, 'upstream_forwarding', 'Upstream forwarding', 'rw'),
      flag(5, 'egress_control', 'P2P egress control', 'rw'),
      flag(6, 'direct_translated', 'Direct translated P2P', 'rw'),
      flag(7, 'io_blocking', 'I/O request blocking', 'rw'),
      bits(9, 8, 'downstream_memory', 'DSP memory target access', 'rw', TARGET),
      bits(11, 10, 'upstream_memory', 'USP memory target access', 'rw', TARGET),
      flag(12, 'unclaimed_redirect', 'Unclaimed request redirect', 'rw'),
    ]),
    placed(whole(0x08, 4, 'egress', 'Egress control vector', 'rw', hex()), 8, 4, egressVector),
  ],
};

export const ari: RegisterTable = {
  name: 'ari',
  title: 'Alternative Routing-ID Interpretation',
  source: 'PCI Express Base 6.0, 7.8.8',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'ARI capability', [
      flag(0, 'mfvc', 'MFVC function groups'),
      flag(1, 'acs', 'ACS function groups'),
      bits(15, 8, 'next', 'Next function number'),
    ]),
    register(0x06, 2, 'control', 'ARI control', [
      flag(0, 'mfvc', 'MFVC function groups', 'rw'),
      flag(1, 'acs', 'ACS function groups', 'rw'),
      bits(6, 4, 'group', 'Function group', 'rw'),
    ]),
  ],
};
