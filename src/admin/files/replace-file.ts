/** A step of a change: a file gets other contents as a whole, or comes to be, or goes; and back. */
import {
  closeSync,
  fchownSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { ByteText } from '../../boot/index.js';
import { stepShape, type StepPerformer } from '../../change/index.js';
import { errnoOf, flushFolder, makeFolder, readRegularFile } from '../../durable/index.js';
import { OpenslotError } from '../../pci/index.js';
import { FileChangedError, FileNotWrittenError } from './errors.js';

/** One character a byte; null: no file. */
const contents = z.string().nullable();
const id = z.int().min(0).max(0xffff_ffff);

/** `subject` is the file itself, links followed. */
const REPLACE_FILE = stepShape('replace_file', {
  before: contents,
  after: contents,
  /** Of the file, 12 bits. */
  mode: z.int().min(0).max(0o7777),
  owner: id,
  group: id,
  /** Where the contents from before are kept; null where they are worth nothing, or there is no file. */
  backup: z.string().nullable(),
});

export type ReplaceFileStep = Readonly<z.output<typeof REPLACE_FILE>>;

/**
 * Each file is written beside its place and moved there once it is on the disk, so that whenever the process or the host
 * stops, the file is whole: the old one or the new one. Extended attributes are those of a new file.
 */
export const replaceFile: StepPerformer<ReplaceFileStep> = {
  kind: 'replace_file',
  shape: REPLACE_FILE,
  describe: ({ subject, before, after, backup }) => {
    if (after === null) return `remove ${subject}`;
    if (before === null) return `write ${subject}`;
    return `replace ${subject}${backup === null ? '' : `, its contents kept in ${backup}`}`;
  },
  describeUndo: ({ subject, before }) =>
    before === null ? `remove ${subject}` : `give ${subject} its contents back`,
  apply(step) {
    const { subject, before, after, backup } = step;
    const now = contentsOf(subject);
    if (now === after) return;
    if (now !== before) throw new FileChangedError(subject);
    written(subject, () => {
      if (backup !== null && before !== null) keepBackup(backup, before, step);
      put(step, after);
    });
  },
  undo(step) {
    const { subject, before, after, backup } = step;
    const now = contentsOf(subject);
    if (now !== before && now !== after) {
      // The copy tells that we came as far as writing; else what is there is somebody's, and nothing of ours.
      if (backup !== null && contentsOf(backup) === before) throw new FileChangedError(subject);
      return;
    }
    written(subject, () => {
      if (now !== before) put(step, before);
      else rmSync(besideOf(subject), { force: true });
      if (backup === null) return;
      // Somebody may have put something else there: that is theirs.
      if (contentsOf(backup) === before) rmSync(backup, { force: true });
      rmSync(besideOf(backup), { force: true });
    });
  },
};

/** Null where there is no file. @throws {FileNotWrittenError} it is there and cannot be read. */
export function contentsOf(file: string): ByteText | null {
  try {
    return readRegularFile(file, 'latin1');
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT') return null;
    throw new FileNotWrittenError(file, code, { cause });
  }
}

function put(step: ReplaceFileStep, contents: ByteText | null): void {
  const { subject } = step;
  const folder = dirname(subject);
  if (contents === null) {
    rmSync(subject, { force: true });
    flushFolder(folder);
    return;
  }
  makeFolder(folder);
  const next = besideOf(subject);
  try {
    writeNew(next, contents, step);
    renameSync(next, subject);
  } catch (cause) {
    rmSync(next, { force: true });
    throw cause;
  }
  flushFolder(folder);
}

/** Never over another one: the name was free when the change was planned. */
function keepBackup(backup: string, contents: ByteText, step: ReplaceFileStep): void {
  const next = besideOf(backup);
  if (contentsOf(backup) === contents) {
    // Killed when the copy had its name: the other name of it goes.
    rmSync(next, { force: true });
    return;
  }
  try {
    writeNew(next, contents, step);
    linkSync(next, backup);
  } finally {
    rmSync(next, { force: true });
  }
}

/** One name for each file: what a killed process left there is in nobody's way. */
function besideOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.openslot-new`);
}

function writeNew(file: string, contents: ByteText, { mode, owner, group }: ReplaceFileStep): void {
  rmSync(file, { force: true });
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(fd, contents, 'latin1');
    // Owner first: giving a file away takes bits of its mode.
    if (owner !== process.geteuid?.() || group !== process.getegid?.()) fchownSync(fd, owner, group);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function written(file: string, action: () => void): void {
  try {
    action();
  } catch (cause) {
    if (cause instanceof OpenslotError) throw cause;
    throw new FileNotWrittenError(file, errnoOf(cause), { cause });
  }
}
