/** Register table of the power management capability. */
import { bits, capabilityList, flag, register, sticky, values, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

const AUX_CURRENT = values(['0 mA', '55 mA', '100 mA', '160 mA', '220 mA', '270 mA', '320 mA', '375 mA']);

export const pm: RegisterTable = {
  name: 'pm',
  title: 'Power Management',
  source: 'PCI Bus Power Management Interface 1.2, 3.2; PCI Express Base 6.0, 7.5.2',
  registers: [
    capabilityList(),
    register(2, 2, 'pmc', 'Power management capabilities', [
      bits(2, 0, 'version', 'Version'),
      flag(3, 'pme_clock', 'PME clock'),
      flag(4, 'immediate_ready', 'Immediate readiness on return to D0'),
      flag(5, 'dsi', 'Device specific initialization'),
      bits(8, 6, 'aux_current', 'Auxiliary current', 'ro', AUX_CURRENT),
      flag(9, 'd1', 'D1 support'),
      flag(10, 'd2', 'D2 support'),
      flag(11, 'pme_d0', 'PME from D0'),
      flag(12, 'pme_d1', 'PME from D1'),
      flag(13, 'pme_d2', 'PME from D2'),
      flag(14, 'pme_d3hot', 'PME from D3hot'),
      flag(15, 'pme_d3cold', 'PME from D3cold'),
    ]),
    register(4, 2, 'pmcsr', 'Power management control and status', [
      bits(1, 0, 'state', 'Power state', 'rw', values(['D0', 'D1', 'D2', 'D3hot'])),
      flag(3, 'no_soft_reset', 'No soft reset'),
      sticky(flag(8, 'pme_enable', 'PME enable', 'rw')),
      bits(12, 9, 'data_select', 'Data select', 'rw'),
      bits(14, 13, 'data_scale', 'Data scale'),
      sticky(flag(15, 'pme_status', 'PME status', 'w1c')),
    ]),
    register(6, 1, 'bridge', 'Bridge extensions', [
      flag(6, 'b2_b3', 'B2 (set) or B3 when in D3hot'),
      flag(7, 'bpcc', 'Bus power and clock control enable'),
    ]),
    whole(7, 1, 'data', 'Data'),
  ],
};
