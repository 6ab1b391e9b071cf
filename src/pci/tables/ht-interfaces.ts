/** Register tables of HyperTransport's interface blocks: of a device on a chain, and of the host above one. */
import { bits, capabilityList, flag, hex, register, whole } from '../fields.js';
import type { RegisterReader, RegisterTable } from '../registers.js';
import {
  errorHandling,
  features,
  linkConfig,
  linkControl,
  linkFrequencies,
  linkFrequency,
  revision,
} from './ht-parts.js';

export const htPrimary: RegisterTable = {
  name: 'ht_primary',
  title: 'HyperTransport: slave or primary interface',
  source: 'HyperTransport I/O Link 3.10, 7.5',
  registers: [
    capabilityList(),
    register(2, 2, 'command', 'Command', [
      bits(4, 0, 'base_unit', 'Base UnitID', 'rw'),
      bits(9, 5, 'units', 'UnitIDs used'),
      flag(10, 'master_host', 'The host is on link 1'),
      flag(11, 'default_direction', 'Requests go away from the host by default', 'rw'),
      flag(12, 'drop_uninitialized', 'Drop on an uninitialized link', 'rw'),
      bits(15, 13, 'type', 'Type of the block'),
    ]),
    linkControl(4, '0'),
    linkConfig(6, '0'),
    linkControl(8, '1'),
    linkConfig(0xa, '1'),
    revision(0xc),
    linkFrequency(0xd, '0'),
    linkFrequencies(0xe, '0'),
    register(0x10, 1, 'features', 'Features', features()),
    linkFrequency(0x11, '1'),
    linkFrequencies(0x12, '1'),
    whole(0x14, 2, 'scratchpad', 'Enumeration scratchpad', 'rw'),
    errorHandling(0x16),
    whole(0x18, 1, 'memory_base_upper', 'Prefetchable memory base, bits 39:32', 'rw', hex()),
    whole(0x19, 1, 'memory_limit_upper', 'Prefetchable memory limit, bits 39:32', 'rw', hex()),
    whole(0x1a, 1, 'bus', 'Bus number', 'rw', hex()),
  ],
};

/** The second half of the block is optional. */
function isExtended(bytes: RegisterReader): boolean {
  return (bytes.read(0xc, 2) & 0x100) !== 0;
}

export const htSecondary: RegisterTable = {
  name: 'ht_secondary',
  title: 'HyperTransport: host or secondary interface',
  source: 'HyperTransport I/O Link 3.10, 7.6',
  registers: [
    capabilityList(),
    register(2, 2, 'command', 'Command', [
      flag(0, 'warm_reset', 'Resets of the chain are warm', 'rw'),
      flag(1, 'double_ended', 'Another host is at the other end', 'rw'),
      bits(6, 2, 'device', 'Device number', 'rw'),
      flag(7, 'chain_side', 'Access came from the chain'),
      flag(8, 'host_hide', 'Hidden from the chain', 'rw'),
      flag(10, 'slave', 'Acts as a slave', 'rw'),
      flag(11, 'end_of_chain_error', 'Inbound end of chain error', 'w1c'),
      flag(12, 'drop_uninitialized', 'Drop on an uninitialized link', 'rw'),
      bits(15, 13, 'type', 'Type of the block'),
    ]),
    linkControl(4, ''),
    linkConfig(6, ''),
    revision(8),
    linkFrequency(9, ''),
    linkFrequencies(0xa, ''),
    register(0xc, 2, 'features', 'Features', [
      ...features(),
      flag(8, 'extended', 'Extended register set'),
      flag(9, 'upstream_config', 'Upstream configuration enable', 'rw'),
    ]),
    whole(0x10, 2, 'scratchpad', 'Enumeration scratchpad', 'rw', hex(), isExtended),
    errorHandling(0x12, isExtended),
    whole(0x14, 1, 'memory_base_upper', 'Prefetchable memory base, bits 39:32', 'rw', hex(), isExtended),
    whole(0x15, 1, 'memory_limit_upper', 'Prefetchable memory limit, bits 39:32', 'rw', hex(), isExtended),
  ],
};
