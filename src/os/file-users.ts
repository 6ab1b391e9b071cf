/** Who uses a file or what is below a directory: processes that have it open, or stand in it, told by /proc (proc(5)). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export interface FileUser {
  readonly pid: number;
  /** As /proc/PID/comm says it. */
  readonly command: string;
  /** The first of what it uses: a file that it has open, or the folder that it stands in. */
  readonly path: string;
}

/**
 * Of the processes that this user may look at; `directory` is absolute, and may be a file. Links are read and never followed: a mount whose server is dead would answer nothing, and one
 * of ours only us.
 */
export function usersOf(directory: string): readonly FileUser[] {
  const inside = (path: string | undefined): path is string =>
    path === directory || (path?.startsWith(`${directory}/`) ?? false);
  return names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const fds = join('/proc', pid, 'fd');
      const links = [join('/proc', pid, 'cwd'), ...names(fds).map((fd) => join(fds, fd))];
      const path = links.map(target).find(inside);
      return path === undefined ? [] : [{ pid: Number(pid), command: command(pid), path }];
    });
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // It has ended, or is another user's.
    return [];
  }
}

function target(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function command(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'comm'), 'utf8').trim();
  } catch {
    return '?';
  }
}
