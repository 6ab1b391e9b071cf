/** Whether a directory is served by this very process, found without touching it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

const FUSE = '/dev/fuse';

/** Where a directory is mounted: the last mount that covers it. `device` is `major:minor`. */
function coveringMount(directory: string): { readonly device: string; readonly type: string } | undefined {
  let covering: { readonly device: string; readonly type: string; readonly length: number } | undefined;
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    // proc(5): id, parent, major:minor, root, mount point, options… - type, source, options.
    const [place, file] = line.split(' - ');
    const [, , device, , escaped] = place?.split(' ') ?? [];
    const type = file?.split(' ')[0];
    if (device === undefined || escaped === undefined || type === undefined) continue;
    const point = escaped.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    );
    const covers = point === '/' || directory === point || directory.startsWith(`${point}/`);
    if (covers && point.length >= (covering?.length ?? 0)) covering = { device, type, length: point.length };
  }
  return covering;
}

/** Connections of FUSE that this process answers; undefined among them: one that the kernel does not number (before 6.7). */
function servedConnections(): readonly (string | undefined)[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== FUSE) return [];
      const [, connection] =
        /^fuse_connection:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
      return [connection];
    } catch {
      // The descriptor of the directory that was read.
      return [];
    }
  });
}

/** True also where it cannot be told apart: a process that serves some files and has files of FUSE there. */
export function isOwnMount(directory: string): boolean {
  let mount: ReturnType<typeof coveringMount>;
  try {
    mount = coveringMount(resolve(directory));
  } catch {
    // No /proc, no FUSE of Linux.
    return false;
  }
  if (mount === undefined || !mount.type.startsWith('fuse')) return false;
  const minor = mount.device.split(':')[1];
  return servedConnections().some((connection) => connection === undefined || connection === minor);
}
