/** The directory of a mount: made where it is missing, cleared of what a killed server left, and refused where something is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { unmountAt, UnmountFlag } from '../../os/index.js';
import { MountDirectoryError } from './errors.js';
import { mountedAt, TYPE } from './mount-table.js';
import { runFusermount } from './user-mount.js';

/** How long a live server may take to say so. */
const ANSWER_MS = 3000;

export interface MountPlace {
  /** Absolute, without symbolic links: as the mount table names it. */
  readonly directory: string;
  /** It was not there before, and goes with the mount. */
  readonly made: boolean;
}

/** @throws {MountDirectoryError} */
export async function preparePlace(wanted: string): Promise<MountPlace> {
  const directory = placeOf(wanted);
  const there = mountedAt(directory);
  if (there?.type === TYPE) await clearStale(directory);
  let made = false;
  try {
    mkdirSync(directory);
    made = true;
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw refused(directory, cause);
  }
  try {
    const [first] = readdirSync(directory);
    if (first !== undefined) throw new MountDirectoryError(directory, `it is not empty (${first} is in it)`);
  } catch (cause) {
    throw cause instanceof MountDirectoryError ? cause : refused(directory, cause);
  }
  return { directory, made };
}

/** Takes away the directory that was made; whoever put something into it keeps it. */
export function leavePlace({ directory, made }: MountPlace): void {
  if (!made) return;
  try {
    rmdirSync(directory);
  } catch {
    // Not empty, or not ours any more.
  }
}

/** The parent is resolved and not the directory itself: looking at that would ask its server. @throws {MountDirectoryError} */
export function placeOf(wanted: string): string {
  const path = resolve(wanted);
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch (cause) {
    throw refused(path, cause);
  }
}

/** @throws {MountDirectoryError} a live server serves there. */
async function clearStale(directory: string): Promise<void> {
  if ((await rootState(directory)) !== 'dead') {
    throw new MountDirectoryError(
      directory,
      'device files are mounted there, and their server lives',
      `openslot proto unmount ${directory}`,
    );
  }
  const errno = unmountAt(directory, UnmountFlag.detach);
  if (errno === 'EPERM') await runFusermount(['-u', '-z', '--', directory]);
  if (mountedAt(directory)?.type === TYPE)
    throw new MountDirectoryError(
      directory,
      `a dead mount is there and cannot be taken away (${errno ?? '?'})`,
    );
}

/** Asked by a process of its own, which can be killed: a server that is stopped answers nobody. */
async function rootState(directory: string): Promise<'live' | 'dead' | 'silent'> {
  const probe = spawn('stat', ['--', directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    timeout: ANSWER_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  probe.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(probe, 'close')) as [number | null];
  if (code === null) return 'silent';
  // ENOTCONN and ECONNABORTED: nobody holds the other end.
  return /not connected|connection abort/i.test(said) ? 'dead' : 'live';
}

function refused(directory: string, cause: unknown): MountDirectoryError {
  return new MountDirectoryError(directory, errnoOf(cause), undefined, { cause });
}

function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
