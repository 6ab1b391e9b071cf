/** lspci's lines of downstream port containment. */
import { containment } from '../../../pci/index.js';
import { capability, fieldIn, flag, flags, registerIn, shown } from '../items.js';
import { hex2, hex4 } from '../number-text.js';

export const writeContainment = capability('Downstream Port Containment', {
  bytes: [0x04, 8],
  lines: [
    '\t\tDpcCap:\tIntMsgNum ',
    shown(fieldIn(containment, 'cap.message_number'), String),
    ', ',
    flags(containment, 'cap', {
      RPExt: 'root_extension',
      PoisonedTLP: 'poisoned_blocking',
      SwTrigger: 'software_trigger',
    }),
    ' RP PIO Log ',
    shown(fieldIn(containment, 'cap.log_size'), String),
    ', ',
    flag(fieldIn(containment, 'cap.active_signaling'), 'DL_ActiveErr'),
    '\n\t\tDpcCtl:\tTrigger:',
    shown(fieldIn(containment, 'ctl.trigger'), String),
    ' ',
    flags(containment, 'ctl', {
      Cmpl: 'completion',
      INT: 'interrupt',
      ErrCor: 'correctable',
      PoisonedTLP: 'poisoned_blocking',
      SwTrigger: 'software_trigger',
      DL_ActiveErr: 'active_signaling',
    }),
    '\n\t\tDpcSta:\t',
    flag(fieldIn(containment, 'sta.triggered'), 'Trigger'),
    ' Reason:',
    shown(fieldIn(containment, 'sta.reason'), hex2),
    ' ',
    flags(containment, 'sta', { INT: 'interrupt', RPBusy: 'busy' }),
    ' TriggerExt:',
    shown(fieldIn(containment, 'sta.reason_extension'), hex2),
    ' RP PIO ErrPtr:',
    shown(fieldIn(containment, 'sta.first_error'), hex2),
    '\n\t\tSource:\t',
    shown(registerIn(containment, 'source'), hex4),
    '\n',
  ],
});
