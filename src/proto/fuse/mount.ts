/** Mounting and unmounting: by mount(2) where we are root, else by fusermount3. */
import { closeSync, constants, openSync } from 'node:fs';
import { mountAt, MountFlag, SystemCallError, unmountAt, UnmountFlag, usersOf } from '../../os/index.js';
import { MountBusyError, MountRefusedError, NotMountedError, UnmountRefusedError } from './errors.js';
import { leavePlace, placeOf, preparePlace, type MountPlace } from './mount-place.js';
import { deviceFileMounts, mountedAt, SUBTYPE, TYPE } from './mount-table.js';
import { mountAsUser, runFusermount } from './user-mount.js';

/** The longest read that comes as one request: longer than any register, so that its length is refused. */
const MOST_READ = 4096;
const ROOT = 0;

export interface MountOptions {
  readonly uid: number;
  readonly gid: number;
  /** Whether processes of other users than the mounting one get at it at all; the files' modes hold besides. */
  readonly allowOther: boolean;
}

/** A mount of ours, from its making until it is taken away. */
export class FuseMount {
  readonly #place: MountPlace;
  readonly #asRoot: boolean;
  /** The mounted /dev/fuse, for the session that serves it and closes it. */
  readonly fd: number;

  private constructor(place: MountPlace, fd: number, asRoot: boolean) {
    this.#place = place;
    this.fd = fd;
    this.#asRoot = asRoot;
  }

  get directory(): string {
    return this.#place.directory;
  }

  /**
   * Nothing is served yet: whoever looks at the directory waits for the session.
   * @throws {MountDirectoryError | MountRefusedError}
   */
  static async make(directory: string, options: MountOptions): Promise<FuseMount> {
    const place = await preparePlace(directory);
    try {
      const asRoot = options.uid === ROOT;
      const fd = asRoot ? mountAsRoot(place.directory, options) : await userMount(place.directory, options);
      return new FuseMount(place, fd, asRoot);
    } catch (cause) {
      leavePlace(place);
      throw cause;
    }
  }

  /**
   * Takes it out of the tree, also under programs that have files open. Nothing of it is looked at, so the thread that
   * serves it may call this. The connection itself ends when the session closes its descriptor.
   * @param gone somebody else has taken it away already.
   */
  async unmount(gone: boolean): Promise<void> {
    const { directory } = this.#place;
    if (!gone) {
      if (!this.#asRoot) await runFusermount(['-u', '-z', '--', directory]);
      // Aborts what is in flight, and fails with EBUSY while anything is open.
      else if (unmountAt(directory, UnmountFlag.force) === 'EBUSY') unmountAt(directory, UnmountFlag.detach);
    }
    leavePlace(this.#place);
  }
}

function mountAsRoot(directory: string, { uid, gid, allowOther }: MountOptions): number {
  let fd: number;
  try {
    fd = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MountRefusedError(directory, `/dev/fuse: ${errno}`, 'modprobe fuse', { cause });
  }
  const data = [`fd=${fd}`, 'rootmode=40000', `user_id=${uid}`, `group_id=${gid}`, ...shared(allowOther)];
  try {
    mountAt(directory, SUBTYPE, TYPE, MountFlag.nosuid | MountFlag.nodev | MountFlag.noexec, data.join(','));
  } catch (cause) {
    closeSync(fd);
    if (!(cause instanceof SystemCallError)) throw cause;
    throw new MountRefusedError(directory, cause.errno, 'mounting needs CAP_SYS_ADMIN', { cause });
  }
  return fd;
}

function userMount(directory: string, { allowOther }: MountOptions): Promise<number> {
  const own = [`fsname=${SUBTYPE}`, `subtype=${SUBTYPE}`, 'nosuid', 'nodev', 'noexec'];
  return mountAsUser(directory, [...own, ...shared(allowOther)]);
}

/** The kernel checks owner and mode, so that no call comes to us that they forbid. */
function shared(allowOther: boolean): readonly string[] {
  return ['default_permissions', `max_read=${MOST_READ}`, ...(allowOther ? ['allow_other'] : [])];
}

/**
 * Takes away a mount of device files that another process serves, which then ends.
 * @param force also under programs that use it.
 * @throws {NotMountedError | MountBusyError | UnmountRefusedError}
 */
export async function unmountDeviceFiles(wanted: string, force: boolean): Promise<string> {
  const directory = placeOf(wanted);
  if (mountedAt(directory)?.type !== TYPE) throw new NotMountedError(directory, deviceFileMounts());
  const errno = unmountAt(directory, force ? UnmountFlag.force : 0);
  if (errno === undefined) return directory;
  if (errno === 'EBUSY') {
    if (!force) throw new MountBusyError(directory, usersOf(directory));
    const left = unmountAt(directory, UnmountFlag.detach);
    if (left !== undefined) throw new UnmountRefusedError(directory, left);
    return directory;
  }
  if (errno !== 'EPERM') throw new UnmountRefusedError(directory, errno);
  const said = await runFusermount(['-u', ...(force ? ['-z'] : []), '--', directory]);
  if (mountedAt(directory)?.type !== TYPE) return directory;
  if (/busy/i.test(said)) throw new MountBusyError(directory, usersOf(directory));
  throw new UnmountRefusedError(directory, said);
}
