/** Slot registers of the PCI Express capability. */
import { bits, flag, register, values } from '../fields.js';
import type { Register, RegisterReader } from '../registers.js';

/** Only ports that lead down to a link can have a slot: root and downstream ports, and bridges from PCI. */
function hasSlot(bytes: RegisterReader): boolean {
  const flags = bytes.read(2, 2);
  const type = (flags >> 4) & 0xf;
  return (flags & 0x100) !== 0 && (type === 4 || type === 6 || type === 8);
}

function hasSlot2(bytes: RegisterReader): boolean {
  return (bytes.read(2, 2) & 0xf) >= 2 && hasSlot(bytes);
}

const INDICATOR = values(['reserved', 'on', 'blink', 'off']);

/** Offsets 0x14 to 0x1b. */
export const slotRegisters: readonly Register[] = [
  register(
    0x14,
    4,
    'sltcap',
    'Slot capabilities',
    [
      flag(0, 'attention_button', 'Attention button'),
      flag(1, 'power_controller', 'Power controller'),
      flag(2, 'mrl_sensor', 'Retention latch sensor'),
      flag(3, 'attention_indicator', 'Attention indicator'),
      flag(4, 'power_indicator', 'Power indicator'),
      flag(5, 'surprise', 'Hot-plug surprise'),
      flag(6, 'hot_plug', 'Hot-plug capable'),
      bits(14, 7, 'power', 'Slot power limit'),
      bits(16, 15, 'power_scale', 'Slot power scale', 'ro', values(['1 W', '0.1 W', '0.01 W', '0.001 W'])),
      flag(17, 'interlock', 'Electromechanical interlock'),
      flag(18, 'no_command_completed', 'No command completed'),
      bits(31, 19, 'number', 'Physical slot number'),
    ],
    hasSlot,
  ),
  register(
    0x18,
    2,
    'sltctl',
    'Slot control',
    [
      flag(0, 'attention_button', 'Attention button pressed enable', 'rw'),
      flag(1, 'power_fault', 'Power fault detected enable', 'rw'),
      flag(2, 'mrl_changed', 'Retention latch changed enable', 'rw'),
      flag(3, 'presence_changed', 'Presence changed enable', 'rw'),
      flag(4, 'command_completed', 'Command completed interrupt', 'rw'),
      flag(5, 'hot_plug_interrupt', 'Hot-plug interrupt', 'rw'),
      bits(7, 6, 'attention_indicator', 'Attention indicator', 'rw', INDICATOR),
      bits(9, 8, 'power_indicator', 'Power indicator', 'rw', INDICATOR),
      // The specification counts the other way round: a set bit takes the power away.
      flag(10, 'power_off', 'Power off', 'rw'),
      flag(11, 'interlock', 'Toggle the interlock', 'wo'),
      flag(12, 'link_changed', 'Data link layer state changed enable', 'rw'),
      flag(13, 'auto_power_limit_disable', 'Automatic slot power limit disable', 'rw'),
      flag(14, 'in_band_presence_disable', 'In-band presence detect disable', 'rw'),
    ],
    hasSlot,
  ),
  register(
    0x1a,
    2,
    'sltsta',
    'Slot status',
    [
      flag(0, 'attention_button', 'Attention button pressed', 'w1c'),
      flag(1, 'power_fault', 'Power fault detected', 'w1c'),
      flag(2, 'mrl_changed', 'Retention latch sensor changed', 'w1c'),
      flag(3, 'presence_changed', 'Presence changed', 'w1c'),
      flag(4, 'command_completed', 'Command completed', 'w1c'),
      flag(5, 'mrl_open', 'Retention latch open'),
      flag(6, 'present', 'Card present'),
      flag(7, 'interlock', 'Interlock engaged'),
      flag(8, 'link_changed', 'Data link layer state changed', 'w1c'),
    ],
    hasSlot,
  ),
];

/** Offsets 0x34 to 0x3b, of version 2 of the capability. */
export const slot2Registers: readonly Register[] = [
  register(
    0x34,
    4,
    'sltcap2',
    'Slot capabilities 2',
    [flag(0, 'in_band_presence_disable', 'In-band presence detect can be disabled')],
    hasSlot2,
  ),
  register(0x38, 2, 'sltctl2', 'Slot control 2', [], hasSlot2),
  register(0x3a, 2, 'sltsta2', 'Slot status 2', [], hasSlot2),
];
