/** A host made of files: the parts of /sys, /proc, /run and /etc in which Linux tells what it does with its devices. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { HostRoots } from '../../../src/machines/linux/host-uses/index.js';

type Place = 'sys' | 'proc' | 'run' | 'etc';

export interface MadeProcess {
  readonly command: string;
  /** What its descriptors lead to, from 0 on. */
  readonly open?: readonly string[];
  readonly namespace?: string;
  readonly user?: number;
  readonly mounts?: string;
}

export class MadeHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'openslot-host-'));
  readonly addresses = new Map<string, readonly string[]>();
  connection: string | undefined;

  constructor() {
    for (const place of ['sys', 'proc', 'run', 'etc']) mkdirSync(join(this.folder, place));
    mkdirSync(join(this.folder, 'sys/bus/pci/devices'), { recursive: true });
  }

  get roots(): HostRoots {
    return {
      sys: join(this.folder, 'sys'),
      proc: join(this.folder, 'proc'),
      run: join(this.folder, 'run'),
      etc: join(this.folder, 'etc'),
      addresses: () => this.addresses,
      connection: this.connection,
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  file(place: Place, path: string, text: string): this {
    const full = join(this.folder, place, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return this;
  }

  /** A relative link, as sysfs has them; `target` is below the same root. */
  link(place: Place, path: string, target: string): this {
    const root = join(this.folder, place);
    mkdirSync(join(root, dirname(path)), { recursive: true });
    symlinkSync(relative(join(root, dirname(path)), join(root, target)), join(root, path));
    return this;
  }

  /** A link as it is written, to what need not be there. */
  rawLink(place: Place, path: string, target: string): this {
    const full = join(this.folder, place, path);
    mkdirSync(dirname(full), { recursive: true });
    symlinkSync(target, full);
    return this;
  }

  /** One function below bridges, `0000:00:1d.0/0000:01:00.0`, with its driver. */
  fn(path: string, driver?: string, files: Readonly<Record<string, string>> = {}): string {
    const device = `devices/pci0000:00/${path}`;
    const address = basename(path);
    mkdirSync(join(this.folder, 'sys', device), { recursive: true });
    this.link('sys', `bus/pci/devices/${address}`, device);
    if (driver !== undefined) {
      mkdirSync(join(this.folder, 'sys/bus/pci/drivers', driver), { recursive: true });
      this.link('sys', `${device}/driver`, `bus/pci/drivers/${driver}`);
    }
    for (const [name, text] of Object.entries(files)) this.file('sys', `${device}/${name}`, text);
    return device;
  }

  /** A block device at a place in sysfs; a partition stands in its disk's folder. */
  block(path: string, number: string, { slaves = [], mapping, partition = false }: BlockOptions = {}): this {
    const name = basename(path);
    this.file('sys', `${path}/dev`, `${number}\n`);
    if (partition) this.file('sys', `${path}/partition`, '1\n');
    if (mapping !== undefined) this.file('sys', `${path}/dm/name`, `${mapping}\n`);
    this.link('sys', `class/block/${name}`, path);
    this.link('sys', `dev/block/${number}`, path);
    mkdirSync(join(this.folder, 'sys', path, 'slaves'), { recursive: true });
    mkdirSync(join(this.folder, 'sys', path, 'holders'), { recursive: true });
    for (const slave of slaves) {
      this.link('sys', `${path}/slaves/${slave}`, `class/block/${slave}`);
      this.link('sys', `class/block/${slave}/holders/${name}`, path);
    }
    return this;
  }

  /** A network interface; `lower` are those that it stands on. */
  net(path: string, lower: readonly string[] = []): this {
    const name = basename(path);
    mkdirSync(join(this.folder, 'sys', path), { recursive: true });
    this.link('sys', `class/net/${name}`, path);
    for (const below of lower) this.link('sys', `${path}/lower_${below}`, `class/net/${below}`);
    return this;
  }

  /** A character device: its folder in sysfs, its number, and its file below /dev. */
  character(path: string, number: string, file: string): this {
    return this.file('sys', `${path}/uevent`, `MAJOR=${number.split(':')[0] ?? ''}\nDEVNAME=${file}\n`).link(
      'sys',
      `dev/char/${number}`,
      path,
    );
  }

  process(number: number, { command, open = [], namespace = '1', user = 0, mounts }: MadeProcess): this {
    this.file('proc', `${number}/comm`, `${command}\n`);
    this.file('proc', `${number}/status`, `Name:\t${command}\nUid:\t${user}\t${user}\t${user}\t${user}\n`);
    if (mounts !== undefined) this.file('proc', `${number}/mountinfo`, mounts);
    mkdirSync(join(this.folder, 'proc', `${number}/fd`));
    this.rawLink('proc', `${number}/ns/mnt`, `mnt:[${namespace}]`);
    for (const [index, target] of open.entries()) this.rawLink('proc', `${number}/fd/${index}`, target);
    return this;
  }

  /** This program, as /proc/self has it. */
  self(mounts: string): this {
    return this.process(1, { command: 'node', mounts }).rawLink('proc', 'self', '1');
  }
}

export interface BlockOptions {
  readonly slaves?: readonly string[];
  /** Name of a mapping. */
  readonly mapping?: string;
  readonly partition?: boolean;
}

/** A line of mountinfo. */
export function mount(number: string, at: string, source: string, type = 'ext4'): string {
  return `36 25 ${number} / ${at} rw,relatime shared:1 - ${type} ${source} rw\n`;
}
