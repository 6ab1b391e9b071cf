/** The files in which a running Linux tells what it does with its devices, below roots that may be a made or saved host's. */
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join, relative } from 'node:path';

export interface HostRoots {
  readonly sys: string;
  readonly proc: string;
  /** Of udev's database and of sessions. */
  readonly run: string;
  /** Of accounts. */
  readonly etc: string;
  /** Addresses of the interfaces that are up, by name: no file tells them for IPv4. */
  readonly addresses: () => ReadonlyMap<string, readonly string[]>;
  /** `SSH_CONNECTION` of this process: `CLIENT PORT SERVER PORT`; undefined where it is none's over SSH. */
  readonly connection: string | undefined;
}

export const RUNNING_HOST: HostRoots = {
  sys: '/sys',
  proc: '/proc',
  run: '/run',
  etc: '/etc',
  addresses: () =>
    new Map(
      Object.entries(networkInterfaces()).map(([name, entries = []]) => [
        name,
        entries.map(({ address }) => address),
      ]),
    ),
  connection: process.env['SSH_CONNECTION'],
};

type Place = 'sys' | 'proc' | 'run' | 'etc';

/** Read as they are now; what is not there, or not for this user, is undefined or empty. */
export class HostFiles {
  readonly roots: HostRoots;

  constructor(roots: HostRoots = RUNNING_HOST) {
    this.roots = roots;
  }

  text(place: Place, path: string): string | undefined {
    return this.#tried(() => readFileSync(this.#path(place, path), 'utf8'));
  }

  /** Lines without empty ones. */
  lines(place: Place, path: string): readonly string[] {
    return (this.text(place, path) ?? '').split('\n').filter((line) => line !== '');
  }

  /** Names in a folder, in order. */
  names(place: Place, path: string): readonly string[] {
    return this.#tried(() => readdirSync(this.#path(place, path)).sort()) ?? [];
  }

  /** Names in a folder, or why there are none. */
  folder(place: Place, path: string): readonly string[] | 'denied' | 'absent' {
    try {
      return readdirSync(this.#path(place, path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'absent';
    }
  }

  has(place: Place, path: string): boolean {
    return existsSync(this.#path(place, path));
  }

  /** What a link says, followed by nobody. */
  link(place: Place, path: string): string | undefined {
    return this.#tried(() => readlinkSync(this.#path(place, path)));
  }

  /** Path below the root with all links followed: of a device its place in the tree of buses. */
  real(place: Place, path: string): string | undefined {
    return this.#tried(() => {
      const root = realpathSync(this.roots[place]);
      return relative(root, realpathSync(join(root, path)));
    });
  }

  #path(place: Place, path: string): string {
    return join(this.roots[place], path);
  }

  #tried<Result>(read: () => Result): Result | undefined {
    try {
      return read();
    } catch {
      return undefined;
    }
  }
}
