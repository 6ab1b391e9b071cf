/** Link registers of the PCI Express capability. */
import { bits, flag, register, sticky, values } from '../fields.js';
import type { Register, RegisterReader } from '../registers.js';

/** Functions inside the root complex (integrated endpoints and event collectors) have no link. */
function hasLink(bytes: RegisterReader): boolean {
  const type = (bytes.read(2, 2) >> 4) & 0xf;
  return type !== 9 && type !== 10;
}

function hasLink2(bytes: RegisterReader): boolean {
  return (bytes.read(2, 2) & 0xf) >= 2 && hasLink(bytes);
}

export const SPEEDS = values({
  1: '2.5 GT/s',
  2: '5 GT/s',
  3: '8 GT/s',
  4: '16 GT/s',
  5: '32 GT/s',
  6: '64 GT/s',
  7: '128 GT/s',
});
export const ASPM = values(['none', 'L0s', 'L1', 'L0s and L1']);
export const L0S = [
  '< 64 ns',
  '< 128 ns',
  '< 256 ns',
  '< 512 ns',
  '< 1 us',
  '< 2 us',
  '2 us to 4 us',
  '> 4 us',
];
export const L1 = ['< 1 us', '< 2 us', '< 4 us', '< 8 us', '< 16 us', '< 32 us', '32 us to 64 us', '> 64 us'];
const CROSSLINK = values(['not supported', 'upstream port', 'downstream port', 'not complete']);
const DOWNSTREAM = values([
  'link down, presence not determined',
  'link down, not present',
  'link down, present',
  'reserved',
  'link up, present',
  'link up, present, and DRS received',
]);

/** Offsets 0x0c to 0x13. */
export const linkRegisters: readonly Register[] = [
  register(
    0x0c,
    4,
    'lnkcap',
    'Link capabilities',
    [
      bits(3, 0, 'max_speed', 'Maximum link speed', 'ro', SPEEDS),
      bits(9, 4, 'max_width', 'Maximum link width'),
      bits(11, 10, 'aspm', 'Active state power management', 'ro', ASPM),
      bits(14, 12, 'l0s_exit', 'L0s exit latency', 'ro', values(L0S)),
      bits(17, 15, 'l1_exit', 'L1 exit latency', 'ro', values(L1)),
      flag(18, 'clock_pm', 'Clock power management'),
      flag(19, 'surprise_down', 'Surprise down error reporting'),
      flag(20, 'active_reporting', 'Data link layer active reporting'),
      flag(21, 'bandwidth_notify', 'Link bandwidth notification'),
      flag(22, 'aspm_optional', 'ASPM optionality compliance'),
      bits(31, 24, 'port', 'Port number'),
    ],
    hasLink,
  ),
  register(
    0x10,
    2,
    'lnkctl',
    'Link control',
    [
      bits(1, 0, 'aspm', 'Active state power management', 'rw', ASPM),
      flag(2, 'ptm_delay_adapt', 'Propagation delay adaptation', 'rw'),
      bits(3, 3, 'rcb', 'Read completion boundary', 'rw', values(['64 bytes', '128 bytes'])),
      flag(4, 'disable', 'Link disable', 'rw'),
      flag(5, 'retrain', 'Retrain link', 'wo'),
      flag(6, 'common_clock', 'Common clock configuration', 'rw'),
      flag(7, 'ext_synch', 'Extended synch', 'rw'),
      flag(8, 'clock_pm', 'Clock power management', 'rw'),
      flag(9, 'auto_width_disable', 'Hardware autonomous width disable', 'rw'),
      flag(10, 'bandwidth_interrupt', 'Link bandwidth management interrupt', 'rw'),
      flag(11, 'auto_bandwidth_interrupt', 'Link autonomous bandwidth interrupt', 'rw'),
      sticky(flag(13, 'flit_disable', 'Flit mode disable', 'rw')),
      bits(15, 14, 'drs_signaling', 'DRS signaling', 'rw', values(['off', 'interrupt', 'message'])),
    ],
    hasLink,
  ),
  register(
    0x12,
    2,
    'lnksta',
    'Link status',
    [
      bits(3, 0, 'speed', 'Current link speed', 'ro', SPEEDS),
      bits(9, 4, 'width', 'Negotiated link width'),
      // Bit 10 left the specification after 1.0a.
      flag(10, 'training_error', 'Training error'),
      flag(11, 'training', 'Link training'),
      flag(12, 'slot_clock', 'Slot clock configuration'),
      flag(13, 'active', 'Data link layer active'),
      flag(14, 'bandwidth_status', 'Link bandwidth management status', 'w1c'),
      flag(15, 'auto_bandwidth_status', 'Link autonomous bandwidth status', 'w1c'),
    ],
    hasLink,
  ),
];

/** Offsets 0x2c to 0x33, of version 2 of the capability. */
export const link2Registers: readonly Register[] = [
  register(
    0x2c,
    4,
    'lnkcap2',
    'Link capabilities 2',
    [
      flag(1, 'speed_2_5', '2.5 GT/s supported'),
      flag(2, 'speed_5', '5 GT/s supported'),
      flag(3, 'speed_8', '8 GT/s supported'),
      flag(4, 'speed_16', '16 GT/s supported'),
      flag(5, 'speed_32', '32 GT/s supported'),
      flag(6, 'speed_64', '64 GT/s supported'),
      flag(7, 'speed_128', '128 GT/s supported'),
      flag(8, 'crosslink', 'Crosslink supported'),
      bits(15, 9, 'skp_generate', 'Speeds with lower SKP rate, generation'),
      bits(22, 16, 'skp_receive', 'Speeds with lower SKP rate, reception'),
      flag(23, 'retimer', 'Retimer presence detected supported'),
      flag(24, 'retimer2', 'Two retimers presence detected supported'),
      flag(31, 'drs', 'Device readiness status supported'),
    ],
    hasLink2,
  ),
  register(
    0x30,
    2,
    'lnkctl2',
    'Link control 2',
    [
      sticky(bits(3, 0, 'target_speed', 'Target link speed', 'rw', SPEEDS)),
      sticky(flag(4, 'compliance', 'Enter compliance', 'rw')),
      sticky(flag(5, 'auto_speed_disable', 'Hardware autonomous speed disable', 'rw')),
      bits(6, 6, 'deemphasis', 'Selectable de-emphasis', 'ro', values(['-6 dB', '-3.5 dB'])),
      sticky(bits(9, 7, 'margin', 'Transmit margin', 'rw')),
      sticky(flag(10, 'modified_compliance', 'Enter modified compliance', 'rw')),
      sticky(flag(11, 'compliance_sos', 'Compliance SOS', 'rw')),
      sticky(bits(15, 12, 'compliance_preset', 'Compliance preset or de-emphasis', 'rw')),
    ],
    hasLink2,
  ),
  register(
    0x32,
    2,
    'lnksta2',
    'Link status 2',
    [
      bits(0, 0, 'deemphasis', 'Current de-emphasis', 'ro', values(['-6 dB', '-3.5 dB'])),
      sticky(flag(1, 'equalization', '8 GT/s equalization complete')),
      sticky(flag(2, 'equalization1', '8 GT/s equalization phase 1')),
      sticky(flag(3, 'equalization2', '8 GT/s equalization phase 2')),
      sticky(flag(4, 'equalization3', '8 GT/s equalization phase 3')),
      sticky(flag(5, 'equalization_request', '8 GT/s equalization request', 'w1c')),
      sticky(flag(6, 'retimer', 'Retimer presence detected')),
      sticky(flag(7, 'retimer2', 'Two retimers presence detected')),
      bits(9, 8, 'crosslink', 'Crosslink resolution', 'ro', CROSSLINK),
      flag(10, 'flit', 'Flit mode'),
      bits(14, 12, 'downstream', 'Downstream component presence', 'ro', DOWNSTREAM),
      flag(15, 'drs_received', 'DRS message received', 'w1c'),
    ],
    hasLink2,
  ),
];
