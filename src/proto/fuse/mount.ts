/** Mounting: a /dev/fuse of our own and mount(2), for root. */
import { closeSync, constants, openSync } from 'node:fs';
import { mountAt, MountFlag } from '../../os/index.js';

/** As /proc/mounts shows it; the part behind the dot is the subtype that mount(8) and findmnt(8) print. */
export const SOURCE = 'openslot';
export const TYPE = 'fuse.openslot';
/** The longest read that comes as one request: longer than any register, so that its length is refused. */
export const MOST_READ = 4096;

export interface MountOptions {
  readonly uid: number;
  readonly gid: number;
  /** Whether processes of other users than the mounting one get at it at all; the files' modes hold besides. */
  readonly allowOther: boolean;
}

/** @returns the session's descriptor. @throws {SystemCallError} and errno errors of opening /dev/fuse. */
export function mountAsRoot(directory: string, { uid, gid, allowOther }: MountOptions): number {
  const fd = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  const data = [
    `fd=${fd}`,
    'rootmode=40000',
    `user_id=${uid}`,
    `group_id=${gid}`,
    'default_permissions',
    `max_read=${MOST_READ}`,
    ...(allowOther ? ['allow_other'] : []),
  ].join(',');
  try {
    mountAt(directory, SOURCE, TYPE, MountFlag.nosuid | MountFlag.nodev | MountFlag.noexec, data);
  } catch (cause) {
    closeSync(fd);
    throw cause;
  }
  return fd;
}
