/** What other processes have open and where they live, from one look at each of them that ends after a given time. */
import { SESSION_DAEMONS } from './session-daemons.js';
import type { HostFiles } from './host-files.js';

export interface LookingTime {
  /** Milliseconds that all processes together get. */
  readonly milliseconds: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number;
}

/** A thousand processes with a hundred files each are looked at in less. */
export const LOOKING_TIME: LookingTime = { milliseconds: 500, now: () => performance.now() };

export interface Owner {
  readonly process: number;
  /** Its name as the kernel keeps it, 15 bytes. */
  readonly command: string;
}

export interface Processes {
  /** Device files that are open, by their paths; each process once. */
  readonly devices: ReadonlyMap<string, readonly Owner[]>;
  /** Sockets of daemons that people log in by, by inode. */
  readonly sessions: ReadonlyMap<string, readonly Owner[]>;
  /** One process of each mount namespace, this one's left out. */
  readonly namespaces: readonly Owner[];
  /** Processes whose files this user may not see. */
  readonly denied: number;
  /** True when time ended before the processes did. */
  readonly cut: boolean;
}

/**
 * Only links and names are read, which the kernel tells at once also of a process that hangs in a driver: its memory,
 * and so its command line, is left alone.
 */
export function lookAtProcesses(files: HostFiles, { milliseconds, now }: LookingTime): Processes {
  const end = now() + milliseconds;
  const look = new Look(files);
  for (const name of files.names('proc', '')) {
    if (!/^\d+$/.test(name)) continue;
    if (now() > end) return { ...look.seen, cut: true };
    look.at(name);
  }
  return { ...look.seen, cut: false };
}

class Look {
  readonly #files: HostFiles;
  readonly #self: string | undefined;
  readonly #devices = new Map<string, Owner[]>();
  readonly #sessions = new Map<string, Owner[]>();
  readonly #namespaces = new Map<string, Owner>();
  #denied = 0;

  constructor(files: HostFiles) {
    this.#files = files;
    this.#self = files.link('proc', 'self');
  }

  get seen(): Omit<Processes, 'cut'> {
    const own = this.#files.link('proc', 'self/ns/mnt');
    const others = [...this.#namespaces].filter(([namespace]) => namespace !== own);
    return {
      devices: this.#devices,
      sessions: this.#sessions,
      namespaces: others.map(([, owner]) => owner),
      denied: this.#denied,
    };
  }

  at(name: string): void {
    // What this program has open is no reason for it to stop.
    if (name === this.#self) return;
    const descriptors = this.#files.folder('proc', `${name}/fd`);
    if (descriptors === 'denied') this.#denied++;
    if (descriptors === 'denied' || descriptors === 'absent') return;
    const owner = { process: Number(name), command: this.#files.text('proc', `${name}/comm`)?.trim() ?? '?' };
    const namespace = this.#files.link('proc', `${name}/ns/mnt`);
    if (namespace !== undefined && !this.#namespaces.has(namespace)) this.#namespaces.set(namespace, owner);
    const isDaemon = SESSION_DAEMONS.has(owner.command);
    for (const descriptor of descriptors) {
      const open = this.#files.link('proc', `${name}/fd/${descriptor}`);
      if (open === undefined) continue;
      if (open.startsWith('/dev/')) add(this.#devices, open, owner);
      const inode = isDaemon ? /^socket:\[(\d+)\]$/.exec(open)?.[1] : undefined;
      if (inode !== undefined) add(this.#sessions, inode, owner);
    }
  }
}

function add(owners: Map<string, Owner[]>, key: string, owner: Owner): void {
  const known = owners.get(key);
  if (known === undefined) owners.set(key, [owner]);
  else if (known.at(-1)?.process !== owner.process) known.push(owner);
}
