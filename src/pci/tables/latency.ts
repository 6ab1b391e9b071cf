/** Register tables of time: how long a device can wait, how deep its link may sleep, what time it is. */
import { bits, extendedCapability, flag, number, register, values } from '../fields.js';
import type { Access, RegisterTable } from '../registers.js';

const SCALE = values(['1 ns', '32 ns', '1024 ns', '32768 ns', '1048576 ns', '33554432 ns']);
const POWER_ON_SCALE = values(['2 us', '10 us', '100 us']);

export const ltr: RegisterTable = {
  name: 'ltr',
  title: 'Latency Tolerance Reporting',
  source: 'PCI Express Base 6.0, 7.8.2',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'snoop', 'Maximum snoop latency', [
      bits(9, 0, 'value', 'Value', 'rw'),
      bits(12, 10, 'scale', 'Scale', 'rw', SCALE),
    ]),
    register(0x06, 2, 'no_snoop', 'Maximum no-snoop latency', [
      bits(9, 0, 'value', 'Value', 'rw'),
      bits(12, 10, 'scale', 'Scale', 'rw', SCALE),
    ]),
  ],
};

function substates(access: Access) {
  return [
    flag(0, 'pcipm_l12', 'PCI-PM L1.2', access),
    flag(1, 'pcipm_l11', 'PCI-PM L1.1', access),
    flag(2, 'aspm_l12', 'ASPM L1.2', access),
    flag(3, 'aspm_l11', 'ASPM L1.1', access),
  ];
}

export const l1ss: RegisterTable = {
  name: 'l1ss',
  title: 'L1 PM Substates',
  source: 'PCI Express Base 6.0, 7.8.3',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'L1 PM substates capabilities', [
      ...substates('ro'),
      flag(4, 'supported', 'L1 PM substates supported'),
      flag(5, 'link_activation', 'Link activation supported'),
      bits(15, 8, 'common_mode_restore', 'Port common mode restore time', 'ro', number('us')),
      bits(17, 16, 'power_on_scale', 'Port T_POWER_ON scale', 'ro', POWER_ON_SCALE),
      bits(23, 19, 'power_on', 'Port T_POWER_ON value'),
    ]),
    register(0x08, 4, 'control1', 'L1 PM substates control 1', [
      ...substates('rw'),
      flag(4, 'link_activation_interrupt', 'Link activation interrupt', 'rw'),
      flag(5, 'link_activation', 'Link activation', 'rw'),
      bits(15, 8, 'common_mode_restore', 'Common mode restore time', 'rw', number('us')),
      bits(25, 16, 'threshold', 'LTR L1.2 threshold value', 'rw'),
      bits(31, 29, 'threshold_scale', 'LTR L1.2 threshold scale', 'rw', SCALE),
    ]),
    register(0x0c, 4, 'control2', 'L1 PM substates control 2', [
      bits(1, 0, 'power_on_scale', 'T_POWER_ON scale', 'rw', POWER_ON_SCALE),
      bits(7, 3, 'power_on', 'T_POWER_ON value', 'rw'),
    ]),
    register(
      0x10,
      4,
      'status',
      'L1 PM substates status',
      [flag(0, 'link_activation', 'Link activation', 'w1c')],
      (bytes) => (bytes.read(0x04, 1) & 0x20) !== 0,
    ),
  ],
};

export const ptm: RegisterTable = {
  name: 'ptm',
  title: 'Precision Time Measurement',
  source: 'PCI Express Base 6.0, 7.9.15',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'PTM capability', [
      flag(0, 'requester', 'Requester capable'),
      flag(1, 'responder', 'Responder capable'),
      flag(2, 'root', 'Root capable'),
      flag(3, 'enhanced', 'Enhanced PTM capable'),
      flag(4, 'delay_adaptation', 'Propagation delay adaptation capable'),
      bits(15, 8, 'granularity', 'Local clock granularity', 'ro', number('ns')),
    ]),
    register(0x08, 4, 'control', 'PTM control', [
      flag(0, 'enable', 'Enable', 'rw'),
      flag(1, 'root_select', 'Root select', 'rw'),
      bits(15, 8, 'granularity', 'Effective granularity', 'rw', number('ns')),
    ]),
  ],
};
