/** Takes a newer pci.ids as this user's, or root's for all, and goes back. */
import { closeSync, existsSync, fstatSync, linkSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { flushFolder, makeFolder, writeNewFile } from '../durable/index.js';
import {
  IndexedNames,
  messageOf,
  OpenslotError,
  parseIdsText,
  writeIndex,
  type AboutNames,
  type IdsText,
} from '../pci/index.js';
import {
  IdsIncompleteError,
  IdsNotUpdatedError,
  IdsNotWrittenError,
  IdsOlderError,
  IdsUnreadableError,
} from './errors.js';
import { hostNames } from './host-names.js';
import { formerIndex, ownIndex } from './index-files.js';

/** Bytes of a file that is read, packed or not: forty times what pci.ids has. */
const LARGEST = 64 << 20;
const CHUNK = 1 << 20;

/** What an update has come to. */
export interface IdsUpdate {
  /** Where the index is now. */
  readonly path: string;
  readonly now: AboutNames;
  /** Undefined where there were none. */
  readonly before: AboutNames | undefined;
}

/** `evenIfOlder`: also names of an earlier day than those in use. `environment`: instead of the process's own. */
export interface UpdateChoice {
  readonly evenIfOlder?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Reads the whole file, plain or packed by gzip, and only then replaces this user's index; what that was is kept for
 * {@link revertIds}.
 * @throws {IdsUnreadableError | MalformedIdsError | IdsIncompleteError | IdsOlderError | IdsNotWrittenError}
 */
export function updateIds(path: string, { evenIfOlder = false, environment }: UpdateChoice = {}): IdsUpdate {
  const ids = parseIdsText(textOf(path));
  if (ids.vendors.size === 0) throw new IdsIncompleteError(path, 'vendors');
  // They stand at the end, so a file that was cut off lacks them.
  if (ids.baseClasses.size === 0) throw new IdsIncompleteError(path, 'classes');
  const before = hostNames(environment).index?.names.about;
  if (!evenIfOlder) refuseOlder(path, ids, before);
  const index = writeIndex(ids);
  const own = ownIndex(environment);
  try {
    replaceDurably(own, formerIndex(environment), index);
  } catch (cause) {
    throw new IdsNotWrittenError(own, messageOf(cause), { cause });
  }
  return { path: own, now: new IndexedNames(index).about, before };
}

/**
 * Back to the index before the last update: this user's former one, else the one that others have.
 * @throws {IdsNotUpdatedError | IdsNotWrittenError}
 */
export function revertIds(environment?: NodeJS.ProcessEnv): void {
  const [own, former] = [ownIndex(environment), formerIndex(environment)];
  if (!existsSync(own)) throw new IdsNotUpdatedError(own);
  try {
    if (existsSync(former)) renameSync(former, own);
    else rmSync(own);
  } catch (cause) {
    throw new IdsNotWrittenError(own, messageOf(cause), { cause });
  }
}

/** Dates that begin with the day sort as texts; others cannot be compared. */
function refuseOlder(path: string, { heading }: IdsText, before: AboutNames | undefined): void {
  const [date = '', current = ''] = [heading.date, before?.date];
  const comparable = [date, current].every((text) => /^\d{4}-\d\d-\d\d/.test(text));
  if (comparable && date < current) throw new IdsOlderError(path, date, current);
}

function textOf(path: string): string {
  try {
    const bytes = contentOf(path);
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const plain = packed ? gunzipSync(bytes, { maxOutputLength: LARGEST }) : bytes;
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (cause) {
    if (cause instanceof OpenslotError) throw cause;
    throw new IdsUnreadableError(path, messageOf(cause), { cause });
  }
}

/** A pipe or a device does not say how much it has: it is read until it has more than there may be. */
function contentOf(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size > LARGEST) throw new IdsUnreadableError(path, `it has ${size} bytes, more than ${LARGEST}`);
    const chunk = Buffer.allocUnsafe(CHUNK);
    const parts: Buffer[] = [];
    let total = 0;
    for (let length; (length = readSync(fd, chunk, 0, CHUNK, null)) > 0;) {
      total += length;
      if (total > LARGEST) throw new IdsUnreadableError(path, `it has more than ${LARGEST} bytes`);
      parts.push(Buffer.from(chunk.subarray(0, length)));
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(fd);
  }
}

/** Either the old index or the new one is there, whenever this is interrupted, and whoever else updates. */
function replaceDurably(own: string, former: string, index: Uint8Array): void {
  const folder = dirname(own);
  makeFolder(folder);
  const next = `${own}.${process.pid}.next`;
  const kept = `${former}.${process.pid}.next`;
  try {
    writeNewFile(next, index, 0o644);
    rmSync(kept, { force: true });
    if (existsSync(own)) {
      linkSync(own, kept);
      renameSync(kept, former);
    } else rmSync(former, { force: true });
    renameSync(next, own);
  } finally {
    // Of two names of one file the renaming leaves both.
    for (const left of [next, kept]) rmSync(left, { force: true });
  }
  flushFolder(folder);
}
