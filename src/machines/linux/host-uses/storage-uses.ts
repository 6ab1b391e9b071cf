/** What of the host's storage comes from which function: mounts, swap, and what is assembled though nothing is mounted. */
import { BlockStack } from './block-stack.js';
import type { HostFiles } from './host-files.js';
import { parseMounts, parseSwaps, type Mount } from './mount-tables.js';
import { chainText, type Chain, type PlacedUse } from './placed-use.js';
import type { Owner } from './processes.js';

/** `processes`: one of each further mount namespace, whose mounts are the host's as well. */
export function storageUses(files: HostFiles, processes: readonly Owner[]): readonly PlacedUse[] {
  return new StorageUses(files, processes).all();
}

class StorageUses {
  readonly #files: HostFiles;
  readonly #blocks: BlockStack;
  readonly #processes: readonly Owner[];

  constructor(files: HostFiles, processes: readonly Owner[]) {
    this.#files = files;
    this.#processes = processes;
    this.#blocks = new BlockStack(files);
  }

  all(): readonly PlacedUse[] {
    const mounts = parseMounts(this.#files.text('proc', 'self/mountinfo') ?? '');
    const used: PlacedUse[] = [...mounts, ...this.#mountsElsewhere(mounts)].flatMap((mount) =>
      this.#chainsOf(mount).map((chain) => ({
        use: { kind: 'mount' as const, via: chainText(chain), at: mount.at },
        functions: chain.functions,
      })),
    );
    for (const swap of parseSwaps(this.#files.text('proc', 'swaps') ?? ''))
      for (const chain of this.#chainsOfSwap(swap, mounts))
        used.push({ use: { kind: 'swap', via: chainText(chain) }, functions: chain.functions });
    return [...used, ...this.#assembled(new Set(used.map(({ use }) => use.via)))];
  }

  /** What only other namespaces have: of a container, of a service, or left there when it was unmounted here. */
  #mountsElsewhere(mounts: readonly Mount[]): readonly Mount[] {
    const seen = new Set(mounts.map(({ number }) => number));
    return this.#processes.flatMap(({ process, command }) => {
      const table = parseMounts(this.#files.text('proc', `${process}/mountinfo`) ?? '');
      const news = table.filter(({ number }) => !seen.has(number));
      for (const { number } of news) seen.add(number);
      return news.map((mount) => ({
        ...mount,
        at: `${mount.at} as ${command} (process ${process}) sees it`,
      }));
    });
  }

  #chainsOf({ number, type, source }: Mount): readonly Chain[] {
    const name = this.#blocks.nameOf(number);
    if (name !== undefined) return this.#blocks.chains(name);
    // File systems of several devices have a number of their own.
    switch (type) {
      case 'zfs':
        return this.#chainsOfPool(source.split('/')[0] ?? source, source);
      case 'btrfs':
        return this.#btrfsDevices(source).flatMap((device) => this.#blocks.chains(device));
      default:
        return source
          .split(':')
          .filter((file) => file.startsWith('/dev/'))
          .flatMap((file) => this.#chainsOfFile(file));
    }
  }

  #chainsOfFile(file: string): readonly Chain[] {
    const name = this.#blocks.nameOfFile(file);
    return name === undefined ? [] : this.#blocks.chains(name);
  }

  #chainsOfPool(pool: string, title: string): readonly Chain[] {
    return this.#blocks.zfs
      .members(pool)
      .flatMap((device) => this.#blocks.chains(device))
      .map(({ names, functions }) => ({ names: [title, ...names], functions }));
  }

  #btrfsDevices(source: string): readonly string[] {
    const name = this.#blocks.nameOfFile(source);
    if (name === undefined) return [];
    for (const id of this.#files.names('sys', 'fs/btrfs')) {
      const devices = this.#files.names('sys', `fs/btrfs/${id}/devices`);
      if (devices.includes(name)) return devices;
    }
    return [name];
  }

  /** A file is on what is mounted there. */
  #chainsOfSwap(path: string, mounts: readonly Mount[]): readonly Chain[] {
    if (path.startsWith('/dev/')) return this.#chainsOfFile(path);
    const around = mounts
      .filter(({ at }) => path.startsWith(at === '/' ? at : `${at}/`))
      .reduce<Mount | undefined>(
        // Of two at one place the later one hides the other.
        (best, mount) => (best === undefined || mount.at.length >= best.at.length ? mount : best),
        undefined,
      );
    if (around === undefined) return [];
    return this.#chainsOf(around).map(({ names, functions }) => ({ names: [path, ...names], functions }));
  }

  #assembled(told: ReadonlySet<string>): readonly PlacedUse[] {
    const { zfs } = this.#blocks;
    const chains = [
      ...this.#blocks.tops().flatMap((name) => this.#blocks.chains(name)),
      ...zfs.names().flatMap((pool) => this.#chainsOfPool(pool, pool)),
    ];
    return chains.flatMap((chain) => {
      const via = chainText(chain);
      return told.has(via) ? [] : [{ use: { kind: 'assembled' as const, via }, functions: chain.functions }];
    });
  }
}
