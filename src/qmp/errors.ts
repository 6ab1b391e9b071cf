/** Refusals of QEMU's monitor, and what a connection to it meets. */
import { OpenslotError } from '../pci/index.js';

const NEXT = {
  absent:
    'see that the virtual machine runs with  -qmp unix:SOCKET,server=on,wait=off ; it ends with its socket',
  forbidden: 'run the command as the user who started QEMU, or as root',
  unfit: 'name the socket that stands behind -qmp unix: on the command line of QEMU',
} as const;

/** Nobody can be reached at the socket. */
export class MonitorUnreachableError extends OpenslotError {
  readonly code = 'QMP_UNREACHABLE';
  /** Nobody listens there: the QEMU that did has ended. */
  readonly absent: boolean;
  constructor(path: string, errno: string, options?: ErrorOptions) {
    const why =
      errno === 'ENOENT' || errno === 'ECONNREFUSED'
        ? 'absent'
        : errno === 'EACCES' || errno === 'EPERM'
          ? 'forbidden'
          : 'unfit';
    super(`no monitor of QEMU answers at ${path}: ${errno}`, { path, errno }, NEXT[why], options);
    this.absent = why === 'absent';
  }
}

/** The other end is connected and says nothing. */
export class MonitorSilentError extends OpenslotError {
  readonly code = 'QMP_SILENT';
  /** `command`: what it does not answer; undefined where it did not even greet. */
  constructor(path: string, command: string | undefined, seconds: number) {
    super(
      command === undefined
        ? `${path} is open, and no monitor of QEMU greets there in ${seconds} s: each socket of QEMU's serves one client at a time`
        : `QEMU's monitor at ${path} did not answer ${command} in ${seconds} s`,
      { path, command: command ?? 'greeting', seconds },
      command === undefined
        ? `fuser -v ${path} shows who has it; give QEMU a second one:  -qmp unix:OTHER,server=on,wait=off`
        : 'the virtual machine may be stopped by its host, or QEMU hangs: look at its log',
    );
  }
}

/** What comes is not what a monitor says. */
export class MonitorProtocolError extends OpenslotError {
  readonly code = 'QMP_PROTOCOL';
  constructor(path: string, why: string) {
    super(
      `what answers at ${path} does not speak QMP: ${why}`,
      { path, why },
      'the human monitor (-monitor) is another one: name the socket of  -qmp unix:SOCKET,server=on,wait=off',
    );
  }
}

/** The connection ended: mostly because QEMU did. */
export class MonitorEndedError extends OpenslotError {
  readonly code = 'QMP_ENDED';
  constructor(path: string, command: string) {
    super(
      `QEMU's monitor at ${path} ended before it answered ${command}`,
      { path, command },
      'look at the log of QEMU; who has what: openslot list',
    );
  }
}

/** QEMU's own refusal of a command. */
export class MonitorRefusedError extends OpenslotError {
  readonly code = 'QMP_REFUSED';
  /** As QEMU says it. */
  readonly said: string;
  /** QMP's class of the error, such as `DeviceNotFound`. */
  readonly errorClass: string;
  constructor(command: string, errorClass: string, said: string) {
    super(`QEMU refused ${command}: ${said}`, { command, class: errorClass, said });
    this.said = said;
    this.errorClass = errorClass;
  }
}
