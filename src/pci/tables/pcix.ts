/** Register tables of the PCI-X capability: of a device, and of a bridge. */
import { bits, capabilityList, flag, hex, number, power2, register, values } from '../fields.js';
import type { Field, Register, RegisterTable } from '../registers.js';

const SOURCE = 'PCI-X Protocol Addendum 2.0, 2.6 and 8.6';
const OUTSTANDING = values(['1', '2', '3', '4', '8', '12', '16', '32']);
const VERSIONS = values(['no ECC', 'ECC in mode 2', 'ECC in both modes']);

/** Where the function found itself on its bus, as the last configuration write told it. */
function place(): Field[] {
  return [
    bits(2, 0, 'function', 'Function number'),
    bits(7, 3, 'device', 'Device number'),
    bits(15, 8, 'bus', 'Bus number', 'ro', hex()),
    flag(16, 'bits64', '64-bit device'),
    flag(17, 'mhz133', '133 MHz capable'),
    flag(18, 'split_discarded', 'Split completion discarded', 'w1c'),
    flag(19, 'split_unexpected', 'Unexpected split completion', 'w1c'),
  ];
}

export const pcix: RegisterTable = {
  name: 'pcix',
  title: 'PCI-X',
  source: SOURCE,
  registers: [
    capabilityList(),
    register(2, 2, 'command', 'PCI-X command', [
      flag(0, 'parity_recovery', 'Data parity error recovery enable', 'rw'),
      flag(1, 'relaxed_order', 'Relaxed ordering enable', 'rw'),
      bits(3, 2, 'max_read', 'Maximum memory read byte count', 'rw', power2(512, 'bytes')),
      bits(6, 4, 'max_outstanding', 'Maximum outstanding split transactions', 'rw', OUTSTANDING),
      bits(13, 12, 'version', 'Capability version', 'ro', VERSIONS),
    ]),
    register(4, 4, 'status', 'PCI-X status', [
      ...place(),
      bits(20, 20, 'complexity', 'Device complexity', 'ro', values(['simple', 'bridge'])),
      bits(22, 21, 'designed_read', 'Designed maximum memory read byte count', 'ro', power2(512, 'bytes')),
      bits(25, 23, 'designed_outstanding', 'Designed maximum outstanding splits', 'ro', OUTSTANDING),
      bits(28, 26, 'designed_read_size', 'Designed maximum cumulative read size', 'ro', power2(1, 'KiB')),
      flag(29, 'split_error', 'Received split completion error message', 'w1c'),
      flag(30, 'mhz266', '266 MHz capable'),
      flag(31, 'mhz533', '533 MHz capable'),
    ]),
  ],
};

function splitControl(offset: number, name: string, title: string): Register {
  return register(offset, 4, name, title, [
    bits(15, 0, 'capacity', 'Split transaction capacity', 'ro', number('ADQs')),
    bits(31, 16, 'limit', 'Split transaction commitment limit', 'rw', number('ADQs')),
  ]);
}

export const pcixBridge: RegisterTable = {
  name: 'pcix_bridge',
  title: 'PCI-X of a bridge',
  source: SOURCE,
  registers: [
    capabilityList(),
    register(2, 2, 'secondary_status', 'Secondary status', [
      flag(0, 'bits64', '64-bit device'),
      flag(1, 'mhz133', '133 MHz capable'),
      flag(2, 'split_discarded', 'Split completion discarded', 'w1c'),
      flag(3, 'split_unexpected', 'Unexpected split completion', 'w1c'),
      flag(4, 'split_overrun', 'Split completion overrun', 'w1c'),
      flag(5, 'split_delayed', 'Split request delayed', 'w1c'),
      bits(
        8,
        6,
        'frequency',
        'Secondary clock frequency',
        'ro',
        values(['conventional PCI', '66 MHz', '100 MHz', '133 MHz']),
      ),
      bits(13, 12, 'version', 'Capability version', 'ro', VERSIONS),
      flag(14, 'mhz266', '266 MHz capable'),
      flag(15, 'mhz533', '533 MHz capable'),
    ]),
    register(4, 4, 'status', 'PCI-X bridge status', [
      ...place(),
      flag(20, 'split_overrun', 'Split completion overrun', 'w1c'),
      flag(21, 'split_delayed', 'Split request delayed', 'w1c'),
    ]),
    splitControl(8, 'upstream', 'Upstream split transaction control'),
    splitControl(0xc, 'downstream', 'Downstream split transaction control'),
  ],
};
