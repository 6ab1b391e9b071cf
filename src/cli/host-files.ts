/** The files of this host, or of a tree that was saved of one, for who examines it. */
import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  type Stats,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { FileReading, FileStatus, HostFiles } from '../admin/doctor/index.js';

const OTHERS_MAY = 0o006;
const OWNER_MAY = 0o600;

/**
 * Whoever reads a saved tree has other rights to it than a user of that host had: permissions tell then. Files that
 * belong to him who unpacked the tree were root's.
 */
export interface SavedTree {
  readonly root: string;
  /** For whom the host is examined. */
  readonly uid: number;
}

export class FolderFiles implements HostFiles {
  readonly #root: string;
  readonly #uid: number | undefined;
  readonly #unpacker = process.getuid?.() ?? 0;

  /** Without a tree, of this host. */
  constructor(tree?: SavedTree) {
    this.#root = tree?.root ?? '/';
    this.#uid = tree?.uid;
  }

  read(path: string): FileReading {
    try {
      return { bytes: new Uint8Array(readFileSync(this.#real(path))) };
    } catch (error) {
      return { errno: errnoOf(error) };
    }
  }

  list(path: string): readonly string[] | undefined {
    try {
      return readdirSync(this.#real(path)).sort();
    } catch {
      return undefined;
    }
  }

  link(path: string): string | undefined {
    try {
      return basename(readlinkSync(this.#real(path)));
    } catch {
      return undefined;
    }
  }

  status(path: string): FileStatus | undefined {
    const stats = this.#stats(path);
    return stats === undefined
      ? undefined
      : { type: typeOf(stats), mode: stats.mode & 0o7777, uid: this.#ownerOf(stats) };
  }

  opens(path: string): boolean {
    const stats = this.#stats(path);
    if (stats === undefined) return false;
    if (this.#uid !== undefined) {
      if (this.#uid === 0) return true;
      const needed = this.#ownerOf(stats) === this.#uid ? OWNER_MAY : OTHERS_MAY;
      return (stats.mode & needed) === needed;
    }
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  #ownerOf({ uid }: Stats): number {
    return this.#uid !== undefined && uid === this.#unpacker ? 0 : uid;
  }

  #stats(path: string): Stats | undefined {
    try {
      return statSync(this.#real(path));
    } catch {
      return undefined;
    }
  }

  #real(path: string): string {
    return join(this.#root, path);
  }
}

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

function typeOf(stats: Stats): FileStatus['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isSocket() ? 'socket' : 'other';
}
