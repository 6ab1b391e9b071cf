/** Register table of data object exchange: a mailbox for objects such as those of attestation. */
import { bits, extendedCapability, flag, hex, register, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const doe: RegisterTable = {
  name: 'doe',
  title: 'Data Object Exchange',
  source: 'PCI Express Base 6.0, 7.9.24; 6.1, 7.9.24 (attention and asynchronous messages)',
  // A write to a mailbox adds a dword to an object or takes one out of it.
  window: true,
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'DOE capabilities', [
      flag(0, 'interrupt', 'DOE interrupt support'),
      bits(11, 1, 'message_number', 'DOE interrupt message number'),
      flag(12, 'attention', 'DOE attention mechanism support'),
      flag(13, 'async', 'DOE async message support'),
    ]),
    register(0x08, 4, 'control', 'DOE control', [
      flag(0, 'abort', 'DOE abort', 'rw'),
      flag(1, 'interrupt', 'DOE interrupt enable', 'rw'),
      flag(2, 'attention_not_needed', 'DOE attention not needed', 'rw'),
      flag(3, 'async', 'DOE async message enable', 'rw'),
      flag(31, 'go', 'DOE go', 'rw'),
    ]),
    register(0x0c, 4, 'status', 'DOE status', [
      flag(0, 'busy', 'DOE busy'),
      flag(1, 'interrupt', 'DOE interrupt status', 'w1c'),
      flag(2, 'error', 'DOE error'),
      flag(3, 'async', 'DOE async message status', 'w1c'),
      flag(4, 'attention', 'DOE at attention'),
      flag(31, 'ready', 'Data object ready'),
    ]),
    whole(0x10, 4, 'write', 'DOE write data mailbox', 'rw', hex()),
    whole(0x14, 4, 'read', 'DOE read data mailbox', 'rw', hex()),
  ],
};
