/** Refusals of settings and of their undoing. */
import { OpenslotError } from '../../pci/index.js';

/** The field does more than set itself, and nobody said that this is meant. */
export class FieldCriticalError extends OpenslotError {
  readonly code = 'FIELD_CRITICAL';
  constructor(field: string, why: string) {
    super(`${field}: ${why}`, { field, why }, 'add --even-if-critical where that is what you want');
  }
}

/** The hardware has not what was asked for: a field that was written reads otherwise. */
export class NotTakenError extends OpenslotError {
  readonly code = 'SET_NOT_TAKEN';
  /** `isKept`: what was there before is remembered, so that the rest can be undone. */
  constructor(address: string, fields: readonly string[], isKept: boolean) {
    super(
      `${address} did not take what was written to ${fields.join(', ')}`,
      { address, fields },
      `it has not all values of its kind; its capabilities: openslot show ${address}${isKept ? `; take back the rest: openslot undo ${address}` : ''}`,
    );
  }
}

/** Nothing that was set is remembered. */
export class NothingSetError extends OpenslotError {
  readonly code = 'UNDO_NOTHING';
  constructor(what: string) {
    super(
      `nothing that was set on ${what} can be undone`,
      { what },
      'what set wrote in configuration space is remembered: openslot undo --list',
    );
  }
}

/** The device that was set is not the one that is there. */
export class OtherDeviceError extends OpenslotError {
  readonly code = 'UNDO_OTHER_DEVICE';
  constructor(address: string, differing: readonly string[]) {
    super(
      `the device at ${address} is not the one that was set: ${differing.join(', ')}`,
      { address, differing },
      'write the old values to this one: --even-if-changed',
    );
  }
}

/** Somebody else has changed a register since it was set. */
export class RegisterChangedError extends OpenslotError {
  readonly code = 'UNDO_CHANGED';
  constructor(register: string, found: string, expected: string) {
    super(
      `${register} has changed since it was set: it is ${found}, and was left at ${expected}`,
      { register, found, expected },
      'put back what it held before it was set: --even-if-changed',
    );
  }
}

/** The hardware did not take what it held before. */
export class NotRestoredError extends OpenslotError {
  readonly code = 'UNDO_NOT_TAKEN';
  constructor(registers: readonly string[]) {
    super(
      `the function did not take back what ${registers.join(', ')} held before`,
      { registers },
      'the record is kept; what is there now: openslot show ADDRESS',
    );
  }
}
