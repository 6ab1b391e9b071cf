/** Register table of Advanced Error Reporting, and the errors that it names. */
import { bits, extendedCapability, flag, hex, register, sticky, whole } from '../fields.js';
import type { Access, Field, RegisterTable } from '../registers.js';

/** One error: its bit in status, mask and severity. */
export interface ErrorBit {
  readonly bit: number;
  readonly name: string;
  readonly title: string;
}

function errors(list: Readonly<Record<number, readonly [string, string]>>): readonly ErrorBit[] {
  return Object.entries(list).map(([bit, [name, title]]) => ({ bit: Number(bit), name, title }));
}

/** Errors after which a transaction, or the link, cannot be relied on (PCI Express Base 6.0, 7.8.4.2). */
export const UNCORRECTABLE_ERRORS = errors({
  4: ['data_link', 'Data link protocol error'],
  5: ['surprise_down', 'Surprise down error'],
  12: ['poisoned', 'Poisoned TLP received'],
  13: ['flow_control', 'Flow control protocol error'],
  14: ['completion_timeout', 'Completion timeout'],
  15: ['completer_abort', 'Completer abort'],
  16: ['unexpected_completion', 'Unexpected completion'],
  17: ['receiver_overflow', 'Receiver overflow'],
  18: ['malformed', 'Malformed TLP'],
  19: ['ecrc', 'ECRC error'],
  20: ['unsupported_request', 'Unsupported request error'],
  21: ['acs_violation', 'ACS violation'],
  22: ['internal', 'Uncorrectable internal error'],
  23: ['multicast_blocked', 'MC blocked TLP'],
  24: ['atomic_blocked', 'AtomicOp egress blocked'],
  25: ['prefix_blocked', 'TLP prefix blocked'],
  26: ['poisoned_blocked', 'Poisoned TLP egress blocked'],
});

/** Errors that the hardware has dealt with by itself (PCI Express Base 6.0, 7.8.4.5). */
export const CORRECTABLE_ERRORS = errors({
  0: ['receiver', 'Receiver error'],
  6: ['bad_tlp', 'Bad TLP'],
  7: ['bad_dllp', 'Bad DLLP'],
  8: ['replay_rollover', 'REPLAY_NUM rollover'],
  12: ['replay_timeout', 'Replay timer timeout'],
  13: ['advisory', 'Advisory non-fatal error'],
  14: ['corrected_internal', 'Corrected internal error'],
  15: ['header_overflow', 'Header log overflow'],
});

/** Every register of the capability keeps its content over a reset, so that the cause can still be read after it. */
function flags(list: readonly ErrorBit[], access: Access): Field[] {
  return list.map(({ bit, name, title }) => sticky(flag(bit, name, title, access)));
}

/** Of a device. Root ports and event collectors have root command, status and source behind it. */
export const aer: RegisterTable = {
  name: 'aer',
  title: 'Advanced Error Reporting',
  source: 'PCI Express Base 6.0, 7.8.4',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'uncorrectable', 'Uncorrectable error status', flags(UNCORRECTABLE_ERRORS, 'w1c')),
    register(0x08, 4, 'uncorrectable_mask', 'Uncorrectable error mask', flags(UNCORRECTABLE_ERRORS, 'rw')),
    register(0x0c, 4, 'severity', 'Uncorrectable error severity', flags(UNCORRECTABLE_ERRORS, 'rw')),
    register(0x10, 4, 'correctable', 'Correctable error status', flags(CORRECTABLE_ERRORS, 'w1c')),
    register(0x14, 4, 'correctable_mask', 'Correctable error mask', flags(CORRECTABLE_ERRORS, 'rw')),
    register(0x18, 4, 'control', 'Capabilities and control', [
      sticky(bits(4, 0, 'first_error', 'First error pointer')),
      flag(5, 'ecrc_generation_capable', 'ECRC generation capable'),
      sticky(flag(6, 'ecrc_generation', 'ECRC generation', 'rw')),
      flag(7, 'ecrc_check_capable', 'ECRC check capable'),
      sticky(flag(8, 'ecrc_check', 'ECRC check', 'rw')),
      flag(9, 'multiple_headers_capable', 'Multiple header recording capable'),
      sticky(flag(10, 'multiple_headers', 'Multiple header recording', 'rw')),
      sticky(flag(11, 'prefix_present', 'TLP prefix log present')),
      flag(12, 'timeout_header_capable', 'Completion timeout prefix/header log capable'),
    ]),
    ...[0, 1, 2, 3].map((word) => {
      const log = whole(0x1c + word * 4, 4, `header${word}`, `Header log, dword ${word}`, 'ro', hex());
      return { ...log, fields: log.fields.map(sticky) };
    }),
  ],
};
