/** mount(2) and umount2(2). */
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';

/** Flags of mount(2), from linux/mount.h. */
export const MountFlag = { nosuid: 2, nodev: 4, noexec: 8 } as const;

/** Flags of umount2(2): abort what is in flight; take it out of the tree now, and end it with its last user. */
export const UnmountFlag = { force: 1, detach: 2 } as const;

let calls: { readonly mount: NativeFunction; readonly umount2: NativeFunction } | undefined;

function bound(): NonNullable<typeof calls> {
  calls ??= {
    mount: systemLibrary().bind(
      'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
    ),
    umount2: systemLibrary().bind('int umount2(const char *target, int flags)'),
  };
  return calls;
}

/** Mounts a file system of the given type at a directory. @throws {SystemCallError} EPERM without CAP_SYS_ADMIN. */
export function mountAt(target: string, source: string, type: string, flags: number, data: string): void {
  const { mount } = bound();
  if (mount(source, target, type, flags, data) !== 0) throw new SystemCallError('mount', target, lastErrno());
}

/** Unmounts what is mounted at a directory. @returns the errno's name, undefined when it is done. */
export function unmountAt(target: string, flags: number): string | undefined {
  const { umount2 } = bound();
  return umount2(target, flags) === 0 ? undefined : lastErrno();
}
