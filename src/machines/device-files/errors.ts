/** Refusals of device files. */
import { resolve } from 'node:path';
import { usersOf } from '../../os/index.js';
import { OpenslotError } from '../../pci/index.js';

/** There is no directory of device files, or it is another user's. */
export class DeviceFilesAbsentError extends OpenslotError {
  readonly code = 'DEVICE_FILES_ABSENT';
  /** `why`: an errno, or what is there instead. */
  constructor(directory: string, why: string, next = nextAfter(directory, why), options?: ErrorOptions) {
    super(`there are no device files at ${directory}: ${why}`, { directory, why }, next, options);
  }
}

function nextAfter(directory: string, errno: string): string {
  return errno === 'EACCES' || errno === 'EPERM'
    ? 'run it as the user who mounted'
    : `in another terminal: openslot proto mount ${directory} --on MACHINE`;
}

/** A device file cannot be opened: another program has it, its device is gone, or we may not. */
export class DeviceFileError extends OpenslotError {
  readonly code: 'DEVICE_FILE_BUSY' | 'DEVICE_FILE_REFUSED';
  readonly errno: string;
  /** The errno, and who has the file where that can be seen. */
  readonly why: string;
  constructor(path: string, errno: string, options?: ErrorOptions) {
    const busy = errno === 'EBUSY';
    const [holder] = busy ? usersOf(resolve(path)) : [];
    const who = holder === undefined ? 'another program' : `${holder.command} (process ${holder.pid})`;
    super(
      busy ? `${who} has ${path} open` : `${path} cannot be opened: ${errno}`,
      holder === undefined ? { path, errno } : { path, errno, pid: holder.pid },
      busy
        ? 'close it there: each file is one program’s'
        : errno === 'EACCES'
          ? 'run it as the user who mounted'
          : '',
      options,
    );
    this.code = busy ? 'DEVICE_FILE_BUSY' : 'DEVICE_FILE_REFUSED';
    this.errno = errno;
    this.why = holder === undefined ? errno : `${errno}: ${who} has it open`;
  }
}

/** The process that serves the files would wait for itself. */
export class OwnMountError extends OpenslotError {
  readonly code = 'WOULD_DEADLOCK';
  constructor(directory: string) {
    super(
      `the device files at ${directory} are served by this process: it would wait for its own answers`,
      { directory },
      'use the machine that is served, or another process',
    );
  }
}
