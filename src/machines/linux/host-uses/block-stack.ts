/** Block devices and what they stand on: partitions, mappings, arrays, caches, volumes of pools, paths of NVMe. */
import { basename, dirname } from 'node:path';
import type { HostFiles } from './host-files.js';
import { functionsOn, type Chain } from './placed-use.js';
import { ZfsPools } from './zfs-pools.js';

/** More than anybody builds on each other; ends what would go round. */
const DEEPEST = 16;

export class BlockStack {
  readonly zfs: ZfsPools;
  readonly #files: HostFiles;
  /** Names by `MAJOR:MINOR`, made when first asked for. */
  #mapped: ReadonlyMap<string, string> | undefined;

  constructor(files: HostFiles) {
    this.#files = files;
    this.zfs = new ZfsPools(files);
  }

  /** Every block device of the host, partitions with them. */
  names(): readonly string[] {
    return this.#files.names('sys', 'class/block');
  }

  /** Of `MAJOR:MINOR`. */
  nameOf(number: string): string | undefined {
    const path = this.#files.real('sys', `dev/block/${number}`);
    return path === undefined ? undefined : basename(path);
  }

  /** Of a device file, as mount tables and swap name it: `/dev/sda2`, `/dev/mapper/vg-root`, `/dev/vg/root`. */
  nameOfFile(file: string): string | undefined {
    const mapped = /^\/dev\/mapper\/(.+)$/.exec(file)?.[1] ?? volumeOf(file);
    if (mapped !== undefined) {
      this.#mapped ??= new Map(
        this.names().flatMap((name) => {
          const own = this.#files.text('sys', `class/block/${name}/dm/name`)?.trim();
          return own === undefined ? [] : [[own, name]];
        }),
      );
      const found = this.#mapped.get(mapped);
      if (found !== undefined) return found;
    }
    const name = file.replace(/^\/dev\//, '').replaceAll('/', '!');
    return this.#files.has('sys', `class/block/${name}`) ? name : undefined;
  }

  /** What a person calls it: a mapping by its own name. */
  title(name: string): string {
    return this.#files.text('sys', `class/block/${name}/dm/name`)?.trim() ?? name;
  }

  /** Devices that are made of others and that no other device is made of. */
  tops(): readonly string[] {
    return this.names().filter(
      (name) =>
        this.#slaves(name).length > 0 && this.#files.names('sys', `class/block/${name}/holders`).length === 0,
    );
  }

  /** Every way from a device down to the functions that it comes from; none for what is in memory or on a network. */
  chains(name: string, depth = 0): readonly Chain[] {
    if (depth > DEEPEST) return [];
    const path = this.#files.real('sys', `class/block/${name}`);
    if (path === undefined) return [];
    const disk = this.#files.has('sys', `${path}/partition`) ? dirname(path) : path;
    const below = this.#below(basename(disk));
    if (below.length === 0)
      return this.#places(disk).map((functions) => ({ names: [this.title(name)], functions }));
    return below
      .flatMap((lower) => this.chains(lower, depth + 1))
      .map(({ names, functions }) => ({ names: [this.title(name), ...names], functions }));
  }

  /** What a disk is made of. */
  #below(name: string): readonly string[] {
    return [...new Set([...this.#slaves(name), ...this.#caches(name), ...this.zfs.membersOfVolume(name)])];
  }

  #slaves(name: string): readonly string[] {
    return this.#files.names('sys', `class/block/${name}/slaves`);
  }

  /** The fast devices of a bcache, which are no slaves of it: they are its set's. */
  #caches(name: string): readonly string[] {
    const backing = this.#files.real('sys', `class/block/${name}/bcache`);
    const set = backing === undefined ? undefined : this.#files.real('sys', `${backing}/cache`);
    if (set === undefined) return [];
    return this.#files.names('sys', set).flatMap((entry) => {
      if (!/^cache\d+$/.test(entry)) return [];
      const cache = this.#files.real('sys', `${set}/${entry}`);
      return cache === undefined ? [] : [basename(dirname(cache))];
    });
  }

  /** A disk of several NVMe controllers stands below none of them: its subsystem names them. */
  #places(disk: string): readonly ReadonlySet<string>[] {
    const subsystem = /^(.*\/nvme-subsys\d+)\//.exec(disk)?.[1];
    const paths =
      subsystem === undefined
        ? [disk]
        : this.#files
            .names('sys', subsystem)
            .filter((entry) => /^nvme\d+$/.test(entry))
            .flatMap((entry) => this.#files.real('sys', `${subsystem}/${entry}`) ?? []);
    return paths.map((path) => functionsOn(this.#files, path)).filter(({ size }) => size > 0);
  }
}

/** The mapping's name of a logical volume: a hyphen of its own is doubled there. */
function volumeOf(file: string): string | undefined {
  const [, group, volume] = /^\/dev\/([^/]+)\/([^/]+)$/.exec(file) ?? [];
  if (group === undefined || volume === undefined) return undefined;
  return `${group.replaceAll('-', '--')}-${volume.replaceAll('-', '--')}`;
}
