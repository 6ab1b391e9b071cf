/** Refusals of mounting and unmounting. */
import type { FileUser } from '../../os/index.js';
import { OpenslotError } from '../../pci/index.js';

/** The files cannot be mounted in this directory. */
export class MountDirectoryError extends OpenslotError {
  readonly code = 'MOUNT_DIRECTORY';
  constructor(
    directory: string,
    why: string,
    next = 'openslot proto mount DIRECTORY',
    options?: ErrorOptions,
  ) {
    super(`nothing can be mounted at ${directory}: ${why}`, { directory, why }, next, options);
  }
}

/** The kernel, or fusermount3 for it, refuses the mount. */
export class MountRefusedError extends OpenslotError {
  readonly code = 'MOUNT_REFUSED';
  constructor(directory: string, why: string, next: string, options?: ErrorOptions) {
    super(`${directory} was not mounted: ${why}`, { directory, why }, next, options);
  }
}

/** There are no device files of ours at this directory. */
export class NotMountedError extends OpenslotError {
  readonly code = 'NOT_MOUNTED';
  constructor(directory: string, mounted: readonly string[]) {
    super(
      `no device files are mounted at ${directory}`,
      { directory, mounted },
      mounted.length === 0 ? 'openslot proto mount DIRECTORY' : `they are at ${mounted.join(', ')}`,
    );
  }
}

/** Programs have files open, or stand in the folders. */
export class MountBusyError extends OpenslotError {
  readonly code = 'MOUNT_BUSY';
  constructor(directory: string, users: readonly FileUser[]) {
    const named = users.map(({ pid, command, path }) => `${command} (process ${pid}) has ${path}`);
    super(
      `${directory} is in use: ${named.length === 0 ? 'by a process that this user cannot see' : named.join(', ')}`,
      { directory, pids: users.map(({ pid }) => String(pid)) },
      `end them first; or have their next calls fail (ENOTCONN): openslot proto unmount ${directory} --force`,
    );
  }
}

/** The mount could not be taken away. */
export class UnmountRefusedError extends OpenslotError {
  readonly code = 'UNMOUNT_REFUSED';
  constructor(directory: string, why: string) {
    super(
      `${directory} was not unmounted: ${why}`,
      { directory, why },
      'as root, or as the user who mounted it',
    );
  }
}
