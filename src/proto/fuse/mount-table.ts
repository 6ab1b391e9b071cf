/** The mounts of this process's view (/proc/self/mountinfo, proc(5)), and which of them are ours. */
import { readFileSync } from 'node:fs';

/** As /proc/mounts shows it; the part behind the dot is the subtype that mount(8) and findmnt(8) print. */
export const SUBTYPE = 'openslot';
export const TYPE = `fuse.${SUBTYPE}`;

export interface MountEntry {
  readonly directory: string;
  readonly type: string;
}

/** In the order of mounting: of two at one directory the later one is seen. */
export function mounts(): readonly MountEntry[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** `36 35 98:0 /root /directory options [optional...] - type source options`. */
export function parseMountInfo(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [place, file] = line.split(' - ');
    const directory = place?.split(' ')[4];
    const type = file?.split(' ')[0];
    return directory === undefined || type === undefined ? [] : [{ directory: unescape(directory), type }];
  });
}

/** Blanks and backslashes come as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** What is seen at a directory now; undefined when nothing is mounted there. */
export function mountedAt(directory: string): MountEntry | undefined {
  return mounts().findLast((entry) => entry.directory === directory);
}

/** Directories where device files are mounted, ours or another process's. */
export function deviceFileMounts(): readonly string[] {
  return mounts()
    .filter(({ type }) => type === TYPE)
    .map(({ directory }) => directory);
}
