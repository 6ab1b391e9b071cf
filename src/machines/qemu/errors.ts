/** Refusals of the machine `qemu` itself. */
import { OpenslotError } from '../../pci/index.js';

/** There is no QEMU to run. */
export class QemuMissingError extends OpenslotError {
  readonly code = 'QEMU_MISSING';
  constructor(program: string, errno: string, options?: ErrorOptions) {
    super(
      `QEMU cannot be run: ${program}: ${errno}`,
      { program, errno },
      'name the program in OPENSLOT_QEMU; or: apt-get install qemu-system-x86',
      options,
    );
  }
}

/** An argument that would take from the machine what it is made of, or that is no argument of QEMU. */
export class QemuArgumentError extends OpenslotError {
  readonly code = 'QEMU_ARGUMENT_REFUSED';
  constructor(argument: string, why: string, next = '') {
    super(`${argument}: ${why}`, { argument, why }, next);
  }
}

/** QEMU ended, or said nothing for too long. */
export class QemuEndedError extends OpenslotError {
  /** While it started, mostly because an argument does not please it; or later. */
  readonly code: 'QEMU_NOT_STARTED' | 'QEMU_ENDED';
  constructor(code: QemuEndedError['code'], why: string, said: string, next = '', options?: ErrorOptions) {
    super(`${why}${said === '' ? '' : `: ${said}`}`, { why, said }, next, options);
    this.code = code;
  }
}

/** The monitor refused a command. */
export class QemuCommandError extends OpenslotError {
  readonly code = 'QEMU_COMMAND_FAILED';
  constructor(command: string, why: string, options?: ErrorOptions) {
    super(`QEMU's monitor refused ${command}: ${why}`, { command, why }, '', options);
  }
}

/** The machine has no place left for what its firmware has to place. */
export class QemuResourcesError extends OpenslotError {
  readonly code = 'QEMU_RESOURCES_EXHAUSTED';
  constructor(what: string, why: string) {
    super(`${what}: ${why}`, { what, why });
  }
}
