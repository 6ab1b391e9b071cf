/** Register table of FRS queueing: a root port's queue of messages that a function is ready again. */
import { bits, extendedCapability, flag, hex, register, values } from '../fields.js';
import type { RegisterTable } from '../registers.js';

/** PCI Express Base 6.0, 6.22.2. */
const REASONS = values({
  1: 'DRS message received',
  2: 'D3hot to D0 completed',
  3: 'function level reset completed',
  8: 'VF enabled',
  9: 'VF disabled',
});

export const frs: RegisterTable = {
  name: 'frs',
  title: 'FRS Queueing',
  source: 'PCI Express Base 6.0, 7.8.10',
  // A write to the message register takes the oldest message out of the queue.
  window: true,
  registers: [
    extendedCapability(),
    register(0x04, 4, 'cap', 'FRS queueing capability', [
      bits(11, 0, 'depth', 'Most messages in the queue'),
      bits(20, 16, 'message_number', 'FRS interrupt message number'),
    ]),
    register(0x08, 2, 'status', 'FRS queueing status', [
      flag(0, 'received', 'FRS message received', 'w1c'),
      flag(1, 'overflow', 'FRS message overflow', 'w1c'),
    ]),
    register(0x0a, 2, 'control', 'FRS queueing control', [
      flag(0, 'interrupt', 'FRS interrupt enable', 'rw'),
    ]),
    register(0x0c, 4, 'message', 'Oldest FRS message in the queue', [
      bits(15, 0, 'function', 'Requester ID of the function', 'ro', hex()),
      bits(19, 16, 'reason', 'Reason', 'ro', REASONS),
      bits(31, 20, 'queued', 'Messages in the queue now'),
    ]),
  ],
};
