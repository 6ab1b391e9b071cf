/** What replacing a file takes: its real place, its mode and owner, and a name for the copy of what was there. */
import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ByteText } from '../../boot/index.js';
import { errnoOf } from '../../durable/index.js';
import { FileNotWrittenError, FileUnfitError } from './errors.js';
import { contentsOf, type ReplaceFileStep } from './replace-file.js';

/** A file as it stands. */
export interface StandingFile {
  /** As the user named it. */
  readonly named: string;
  /** Links followed. */
  readonly path: string;
  /** Null: there is none. */
  readonly contents: ByteText | null;
  readonly stats: Pick<Stats, 'mode' | 'uid' | 'gid'>;
}

/** Of a new file: root's, to be read by all, as the files of /etc are. */
const NEW_FILE_MODE = 0o644;

/**
 * Links are followed, so that the file they stand for is replaced and they stay.
 * @throws {FileUnfitError} it is no regular file, or has other names that would keep the old contents.
 * @throws {FileNotWrittenError} it cannot be read.
 */
export function standingFile(named: string): StandingFile {
  const path = placeOf(named);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined)
    return {
      named,
      path,
      contents: null,
      stats: { mode: NEW_FILE_MODE, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
    };
  if (!stats.isFile()) throw new FileUnfitError(named, 'it is no regular file');
  if (stats.nlink > 1)
    throw new FileUnfitError(
      named,
      `it has ${stats.nlink - 1} other names (hard links), which would keep the old contents`,
    );
  return { named, path, contents: contentsOf(path), stats };
}

/** Whole, whatever is there: whoever recovers the change may stand in another folder. */
function placeOf(named: string): string {
  try {
    // A link to nothing has a target all the same, which is not made up here.
    if (lstatSync(named, { throwIfNoEntry: false }) !== undefined) return realpathSync(named);
    const path = resolve(named);
    return join(placeOf(dirname(path)), basename(path));
  } catch (cause) {
    if (cause instanceof FileNotWrittenError) throw cause;
    throw new FileNotWrittenError(named, errnoOf(cause), { cause });
  }
}

/** `after` null: the file goes. `keep`: what is there now is worth a copy beside it. */
export function replacement(
  { path, contents, stats }: StandingFile,
  after: ByteText | null,
  { keep = true }: { readonly keep?: boolean } = {},
): ReplaceFileStep {
  return {
    kind: 'replace_file',
    subject: path,
    before: contents,
    after,
    mode: stats.mode & 0o7777,
    owner: stats.uid,
    group: stats.gid,
    backup: keep && contents !== null ? freeName(path) : null,
  };
}

/** No older copy is ever written over. Readers of folders take none of them: their names end in a number. */
function freeName(path: string): string {
  for (let number = 1; ; number++) {
    const name = `${path}.openslot-${number}`;
    if (lstatSync(name, { throwIfNoEntry: false }) === undefined) return name;
  }
}
