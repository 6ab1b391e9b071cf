/** The option `--on-error POLICY`: what becomes of a function that its guest does not recover. */
import { Option, type Command } from 'commander';
import type { Machine } from '../function/index.js';
import { OpenslotError } from '../pci/errors.js';
import type { ErrorPolicy, RecoveryOptions } from '../pciback/index.js';

export interface ErrorChoice {
  onError?: ErrorPolicy;
}

/** Again here: the help must not load the back end. */
const POLICIES: readonly ErrorPolicy[] = ['take-back', 'kill-guest', 'ignore'];

/** The policy would never be asked. */
export class ErrorsNotReportedError extends OpenslotError {
  readonly code = 'ERRORS_NOT_REPORTED';
  constructor(machine: string) {
    super(
      `nobody tells openslot of the errors of functions on ${machine}: the kernel deals with them`,
      { machine },
      'leave --on-error out',
    );
  }
}

export function addErrorOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--on-error <policy>',
      'what becomes of a function whose guest does not recover it from an error (take-back, if nothing is said)',
    ).choices(POLICIES),
  );
}

/** @throws {ErrorsNotReportedError} a policy for a machine that reports no errors. */
export function chosenRecovery({ onError }: ErrorChoice, machine: Machine): Partial<RecoveryOptions> {
  if (onError === undefined) return {};
  if (machine.errors === undefined) throw new ErrorsNotReportedError(machine.name);
  return { policy: onError };
}
