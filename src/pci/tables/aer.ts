/** Register table of Advanced Error Reporting, and the errors that it names. */
import { bits, extendedCapability, flag, hex, register, repeated, sticky, values, whole } from '../fields.js';
import type { Access, Field, Register, RegisterTable } from '../registers.js';
import { PortType, portTypeOf } from './express-port.js';
import type { CapabilityBytes } from './table-choice.js';

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
  27: ['deferrable_write_blocked', 'DMWr request egress blocked'],
  28: ['ide_check', 'IDE check failed'],
  29: ['ide_misrouted', 'Misrouted IDE TLP'],
  30: ['pcrc_check', 'PCRC check failed'],
  31: ['translation_blocked', 'TLP translation egress blocked'],
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

const SUBCLASS = values(['legacy', 'SIG_SFW', 'SIG_OS', 'extended']);

const log = (offset: number, name: string, title: string): Register => {
  const dword = whole(offset, 4, name, title, 'ro', hex());
  return { ...dword, fields: dword.fields.map(sticky) };
};

const START: readonly Register[] = [
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
    bits(17, 13, 'header_log_size', 'Header log size', 'ro', { kind: 'number', unit: 'dwords' }),
    sticky(flag(18, 'logged_flit', 'Logged TLP was flit mode')),
    sticky(bits(23, 19, 'logged_size', 'Logged TLP size', 'ro', { kind: 'number', unit: 'dwords' })),
  ]),
  ...[0, 1, 2, 3].map((word) => log(0x1c + word * 4, `header${word}`, `Header log, dword ${word}`)),
];

const ROOT: readonly Register[] = [
  register(0x2c, 4, 'root_command', 'Root error command', [
    flag(0, 'correctable', 'Correctable error reporting', 'rw'),
    flag(1, 'non_fatal', 'Non-fatal error reporting', 'rw'),
    flag(2, 'fatal', 'Fatal error reporting', 'rw'),
  ]),
  register(0x30, 4, 'root_status', 'Root error status', [
    sticky(flag(0, 'correctable', 'ERR_COR received', 'w1c')),
    sticky(flag(1, 'correctable_multiple', 'Multiple ERR_COR received', 'w1c')),
    sticky(flag(2, 'uncorrectable', 'ERR_FATAL/NONFATAL received', 'w1c')),
    sticky(flag(3, 'uncorrectable_multiple', 'Multiple ERR_FATAL/NONFATAL received', 'w1c')),
    sticky(flag(4, 'first_fatal', 'First uncorrectable fatal', 'w1c')),
    sticky(flag(5, 'non_fatal', 'Non-fatal error messages received', 'w1c')),
    sticky(flag(6, 'fatal', 'Fatal error messages received', 'w1c')),
    sticky(bits(8, 7, 'correctable_subclass', 'ERR_COR subclass', 'ro', SUBCLASS)),
    bits(31, 27, 'message_number', 'Advanced error interrupt message number'),
  ]),
  register(0x34, 2, 'correctable_source', 'ERR_COR source identification', [
    sticky(bits(15, 0, '', 'ERR_COR source identification', 'ro', hex())),
  ]),
  register(0x36, 2, 'uncorrectable_source', 'ERR_FATAL/NONFATAL source identification', [
    sticky(bits(15, 0, '', 'ERR_FATAL/NONFATAL source identification', 'ro', hex())),
  ]),
];

/** Of a TLP that had prefixes, or that is longer than the four dwords of the header log, as those of flit mode are. */
const PREFIX_LOG: Register = {
  ...repeated(log(0x38, 'prefix', 'TLP prefix log'), 4, 4),
  when: (bytes) => (bytes.read(0x18, 4) & ((1 << 11) | (1 << 18))) !== 0,
};

const about = { name: 'aer', title: 'Advanced Error Reporting', source: 'PCI Express Base 6.0, 7.8.4' };

/** Of a device that sends errors up. */
export const aer: RegisterTable = { ...about, registers: [...START, PREFIX_LOG] };

/** Of one that errors are sent to: a root port or an event collector of the root complex. */
export const rootAer: RegisterTable = { ...about, registers: [...START, ...ROOT, PREFIX_LOG] };

/** The one that a function has. */
export function aerOf({ header }: CapabilityBytes): RegisterTable {
  const type = portTypeOf(header);
  return type === PortType.rootPort || type === PortType.eventCollector ? rootAer : aer;
}
