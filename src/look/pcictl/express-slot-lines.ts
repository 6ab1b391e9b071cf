/** The slot of a decoded PCI Express capability. */
import { pcie } from '../../pci/index.js';
import { oneOf, TableLines, together } from './lines.js';

const INDICATOR = oneOf(['reserved', 'on', 'blink', 'off']);

const lines = new TableLines(pcie);

export const slotLines = together([
  lines.register('Slot Capability Register', 'sltcap', 8, ''),
  lines.flags('sltcap', {
    'Attention Button Present': 'attention_button',
    'Power Controller Present': 'power_controller',
    'MRL Sensor Present': 'mrl_sensor',
    'Attention Indicator Present': 'attention_indicator',
    'Power Indicator Present': 'power_indicator',
    'Hot-Plug Surprise': 'surprise',
    'Hot-Plug Capable': 'hot_plug',
  }),
  lines.value('Slot Power Limit Value', 'sltcap.power'),
  lines.value('Slot Power Limit Scale', 'sltcap.power_scale'),
  lines.flags('sltcap', {
    'Electromechanical Interlock Present': 'interlock',
    'No Command Completed Support': 'no_command_completed',
  }),
  lines.value('Physical Slot Number', 'sltcap.number'),
  lines.register('Slot Control Register', 'sltctl', 4, ''),
  lines.flags('sltctl', {
    'Attention Button Pressed Enabled': 'attention_button',
    'Power Fault Detected Enabled': 'power_fault',
    'MRL Sensor Changed Enabled': 'mrl_changed',
    'Presense Detect Changed Enabled': 'presence_changed',
    'Command Completed Interrupt Enabled': 'command_completed',
    'Hot-Plug Interrupt Enabled': 'hot_plug_interrupt',
  }),
  lines.value('Attention Indicator Control', 'sltctl.attention_indicator', INDICATOR),
  lines.value('Power Indicator Control', 'sltctl.power_indicator', INDICATOR),
  lines.flags('sltctl', {
    'Power Controller Control': 'power_off',
    'Electromechanical Interlock Control': 'interlock',
    'Data Link Layer State Changed Enable': 'link_changed',
  }),
  lines.register('Slot Status Register', 'sltsta', 4, ''),
  lines.flags('sltsta', {
    'Attention Button Pressed': 'attention_button',
    'Power Fault Detected': 'power_fault',
    'MRL Sensor Changed': 'mrl_changed',
    'Presense Detect Changed': 'presence_changed',
    'Command Completed': 'command_completed',
    'MRL Open': 'mrl_open',
    'Card Present in slot': 'present',
    'Electromechanical Interlock engaged': 'interlock',
    'Data Link Layer State Changed': 'link_changed',
  }),
]);
