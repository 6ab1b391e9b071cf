/** lspci's lines of downstream port containment. */
import { containment } from '../../../pci/index.js';
import { capability, fieldIn, flag, flags, hexDigits, registerIn, shown } from '../items.js';

const two = (value: number) => hexDigits(value, 2);

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
    shown(fieldIn(containment, 'sta.reason'), two),
    ' ',
    flags(containment, 'sta', { INT: 'interrupt', RPBusy: 'busy' }),
    ' TriggerExt:',
    shown(fieldIn(containment, 'sta.reason_extension'), two),
    ' RP PIO ErrPtr:',
    shown(fieldIn(containment, 'sta.first_error'), two),
    '\n\t\tSource:\t',
    shown(registerIn(containment, 'source'), (value) => hexDigits(value, 4)),
    '\n',
  ],
});
