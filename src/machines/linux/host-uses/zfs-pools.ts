/** Pools of ZFS: which are imported, and which devices are their members. Its module links neither in sysfs; udev remembers both. */
import type { HostFiles } from './host-files.js';

/** What udev's database says of one block device. */
interface Remembered {
  readonly name: string;
  readonly record: string;
}

export class ZfsPools {
  readonly #files: HostFiles;
  #remembered: readonly Remembered[] | undefined;

  constructor(files: HostFiles) {
    this.#files = files;
  }

  /** Imported ones. */
  names(): readonly string[] {
    return this.#files
      .names('proc', 'spl/kstat/zfs')
      .filter((name) => this.#files.has('proc', `spl/kstat/zfs/${name}/state`));
  }

  /** Block devices of a pool, by the label that udev read from them. */
  members(pool: string): readonly string[] {
    return this.#records()
      .filter(({ record }) => /^E:ID_FS_TYPE=zfs_member$/m.test(record))
      .filter(({ record }) => /^E:ID_FS_LABEL=(.*)$/m.exec(record)?.[1] === pool)
      .map(({ name }) => name);
  }

  /** Members of the pool that has a volume (`zd16`); none for what is no volume of a pool. */
  membersOfVolume(name: string): readonly string[] {
    if (!/^zd\d+$/.test(name)) return [];
    const record = this.#records().find((one) => one.name === name)?.record ?? '';
    const pool = /^S:zvol\/([^/\n]+)\//m.exec(record)?.[1];
    return pool === undefined ? [] : this.members(pool);
  }

  #records(): readonly Remembered[] {
    this.#remembered ??= this.#files.names('sys', 'class/block').flatMap((name) => {
      const number = this.#files.text('sys', `class/block/${name}/dev`)?.trim() ?? '';
      const record = this.#files.text('run', `udev/data/b${number}`);
      return record === undefined ? [] : [{ name, record }];
    });
    return this.#remembered;
  }
}
