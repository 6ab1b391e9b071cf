/** The kernel's tables of mounts (proc(5), mountinfo) and of swap. */

export interface Mount {
  /** `MAJOR:MINOR` of the file system's device; a major of 0 where it is the file system's own. */
  readonly number: string;
  /** Of the mount in this process's tree. */
  readonly at: string;
  readonly type: string;
  /** As the file system calls where it came from: a device file, a data set. */
  readonly source: string;
}

/** Lines that are none are passed over. */
export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [front = '', back = ''] = line.split(' - ', 2);
    const [, , number, , at] = front.split(' ');
    const [type, source] = back.split(' ');
    if (number === undefined || at === undefined || type === undefined || source === undefined) return [];
    return [{ number, at: unescaped(at), type, source: unescaped(source) }];
  });
}

/** Device files, or files, that are swapped to. */
export function parseSwaps(text: string): readonly string[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [path = ''] = line.split(/\s/);
      return path.startsWith('/') ? [unescaped(path)] : [];
    });
}

/** The kernel writes a space, a tab, a line end and a backslash as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
