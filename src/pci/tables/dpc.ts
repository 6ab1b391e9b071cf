/** Register table of downstream port containment, with what a root port adds to it for programmed I/O. */
import { bits, extendedCapability, flag, hex, placed, register, sticky, values, whole } from '../fields.js';
import type { Access, Field, Register, RegisterReader, RegisterTable } from '../registers.js';

const TRIGGER = values(['off', 'fatal', 'non-fatal or fatal']);
const REASON = values(['unmasked uncorrectable error', 'ERR_NONFATAL', 'ERR_FATAL', 'see extension']);
const EXTENSION = values(['RP PIO error', 'software trigger']);

/** Errors of requests that the root port itself sent (PCI Express Base 6.0, 7.9.14.6). */
const PIO_ERRORS: readonly (readonly [bit: number, name: string, title: string])[] = [
  [0, 'config_unsupported', 'Configuration request: unsupported request completion'],
  [1, 'config_abort', 'Configuration request: completer abort'],
  [2, 'config_timeout', 'Configuration request: completion timeout'],
  [8, 'io_unsupported', 'I/O request: unsupported request completion'],
  [9, 'io_abort', 'I/O request: completer abort'],
  [10, 'io_timeout', 'I/O request: completion timeout'],
  [16, 'memory_unsupported', 'Memory request: unsupported request completion'],
  [17, 'memory_abort', 'Memory request: completer abort'],
  [18, 'memory_timeout', 'Memory request: completion timeout'],
];

function hasRootExtension(bytes: RegisterReader): boolean {
  return (bytes.read(0x04, 1) & 0x20) !== 0;
}

/** In dwords: 4 of the header, then one of the implementation, then those of prefixes. */
function logSize(bytes: RegisterReader): number {
  return hasRootExtension(bytes) ? bytes.read(0x05, 1) & 0xf : 0;
}

const ofHeader = (bytes: RegisterReader) => logSize(bytes) >= 4;

function prefix(bytes: RegisterReader, index: number): number | undefined {
  return index + 5 < logSize(bytes) ? 0x34 + index * 4 : undefined;
}

function errors(access: Access): Field[] {
  return PIO_ERRORS.map(([bit, name, title]) => sticky(flag(bit, name, title, access)));
}

function pio(offset: number, name: string, title: string, access: Access): Register {
  return register(offset, 4, name, title, errors(access), hasRootExtension);
}

function log(offset: number, name: string, title: string): Register {
  return register(offset, 4, name, title, [sticky(bits(31, 0, '', title, 'ro', hex()))]);
}

export const dpc: RegisterTable = {
  name: 'dpc',
  title: 'Downstream Port Containment',
  source: 'PCI Express Base 6.0, 7.9.14',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'DPC capability', [
      bits(4, 0, 'message_number', 'Interrupt message number'),
      flag(5, 'root_extension', 'RP extensions for DPC'),
      flag(6, 'poisoned_blocking', 'Poisoned TLP egress blocking supported'),
      flag(7, 'software_trigger', 'Software triggering supported'),
      bits(11, 8, 'log_size', 'RP PIO log size', 'ro', { kind: 'number', unit: 'dwords' }),
      flag(12, 'active_signaling', 'DL_Active ERR_COR signaling supported'),
      bits(13, 13, 'log_size_high', 'RP PIO log size, bit 4'),
    ]),
    register(0x06, 2, 'control', 'DPC control', [
      bits(1, 0, 'trigger', 'Trigger enable', 'rw', TRIGGER),
      bits(
        2,
        2,
        'completion',
        'Completion control',
        'rw',
        values(['completer abort', 'unsupported request']),
      ),
      flag(3, 'interrupt', 'Interrupt', 'rw'),
      flag(4, 'correctable', 'ERR_COR', 'rw'),
      flag(5, 'poisoned_blocking', 'Poisoned TLP egress blocking', 'rw'),
      flag(6, 'software_trigger', 'Software trigger', 'wo'),
      flag(7, 'active_signaling', 'DL_Active ERR_COR', 'rw'),
      flag(8, 'sfw_signaling', 'SIG_SFW', 'rw'),
    ]),
    register(0x08, 2, 'status', 'DPC status', [
      sticky(flag(0, 'triggered', 'Triggered', 'w1c')),
      sticky(bits(2, 1, 'reason', 'Trigger reason', 'ro', REASON)),
      sticky(flag(3, 'interrupt', 'Interrupt', 'w1c')),
      flag(4, 'busy', 'RP busy'),
      sticky(bits(6, 5, 'reason_extension', 'Trigger reason extension', 'ro', EXTENSION)),
      sticky(bits(12, 8, 'first_error', 'RP PIO first error pointer')),
      sticky(flag(13, 'sfw_signaled', 'SIG_SFW', 'w1c')),
    ]),
    register(0x0a, 2, 'source', 'Error source ID', [sticky(bits(15, 0, '', 'Error source ID', 'ro', hex()))]),
    pio(0x0c, 'pio_status', 'RP PIO status', 'w1c'),
    pio(0x10, 'pio_mask', 'RP PIO mask', 'rw'),
    pio(0x14, 'pio_severity', 'RP PIO severity', 'rw'),
    pio(0x18, 'pio_syserror', 'RP PIO system error', 'rw'),
    pio(0x1c, 'pio_exception', 'RP PIO exception', 'rw'),
    ...[0, 1, 2, 3].map((word): Register => ({
      ...log(0x20 + word * 4, `pio_header${word}`, `RP PIO header log, dword ${word}`),
      when: ofHeader,
    })),
    {
      ...log(0x30, 'pio_specific', 'RP PIO log of the implementation'),
      when: (bytes) => logSize(bytes) >= 5,
    },
    placed(whole(0x34, 4, 'pio_prefix', 'RP PIO TLP prefix log', 'ro', hex()), 4, 4, prefix),
  ],
};
