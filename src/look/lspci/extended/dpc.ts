/** lspci's lines of downstream port containment. */
import { dpc } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import { capability, flag, flags, shown } from '../items.js';
import { hex2, hex4 } from '../number-text.js';

export const writeDpc = capability('Downstream Port Containment', {
  bytes: [0x04, 8],
  lines: [
    '\t\tDpcCap:\tIntMsgNum ',
    shown(fieldIn(dpc, 'cap.message_number'), String),
    ', ',
    flags(dpc, 'cap', {
      RPExt: 'root_extension',
      PoisonedTLP: 'poisoned_blocking',
      SwTrigger: 'software_trigger',
    }),
    ' RP PIO Log ',
    shown(fieldIn(dpc, 'cap.log_size'), String),
    ', ',
    flag(fieldIn(dpc, 'cap.active_signaling'), 'DL_ActiveErr'),
    '\n\t\tDpcCtl:\tTrigger:',
    shown(fieldIn(dpc, 'control.trigger'), String),
    ' ',
    flags(dpc, 'control', {
      Cmpl: 'completion',
      INT: 'interrupt',
      ErrCor: 'correctable',
      PoisonedTLP: 'poisoned_blocking',
      SwTrigger: 'software_trigger',
      DL_ActiveErr: 'active_signaling',
    }),
    '\n\t\tDpcSta:\t',
    flag(fieldIn(dpc, 'status.triggered'), 'Trigger'),
    ' Reason:',
    shown(fieldIn(dpc, 'status.reason'), hex2),
    ' ',
    flags(dpc, 'status', { INT: 'interrupt', RPBusy: 'busy' }),
    ' TriggerExt:',
    shown(fieldIn(dpc, 'status.reason_extension'), hex2),
    ' RP PIO ErrPtr:',
    shown(fieldIn(dpc, 'status.first_error'), hex2),
    '\n\t\tSource:\t',
    shown(registerIn(dpc, 'source'), hex4),
    '\n',
  ],
});
