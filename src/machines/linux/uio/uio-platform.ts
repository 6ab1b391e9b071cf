/** Platform devices of this host: what UIO drivers hand to programs besides PCI functions, as sysfs describes it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  PlatformDeviceNotFoundError,
  platformName,
  type PlatformDevice,
  type PlatformDevices,
  type PlatformDeviceSummary,
  type RegionInfo,
} from '../../../function/index.js';
import { UIO_CLASS } from './class-directory.js';
import { UioPlatformDevice } from './uio-platform-device.js';

const DEVICES = '/dev';

/** A range as the kernel tells of it. */
export interface UioRange {
  readonly info: RegionInfo;
  /** Number of its map: where it stands in the device file; undefined for ports. */
  readonly map: number | undefined;
  /** Bytes from the start of the mapped page. */
  readonly offset: number;
}

export interface UioDescription {
  readonly summary: PlatformDeviceSummary;
  readonly ranges: readonly UioRange[];
  /** `/dev/uio0`. */
  readonly path: string;
  /** Folder of its attributes: `/sys/class/uio/uio0`. */
  readonly attributes: string;
}

export class UioPlatform implements PlatformDevices {
  readonly #machine: string;
  readonly #class: string;
  readonly #devices: string;
  readonly #open = new Set<UioPlatformDevice>();

  /** Other directories serve a saved tree. */
  constructor(
    machine: string,
    { root = UIO_CLASS, devices = DEVICES }: { root?: string; devices?: string } = {},
  ) {
    this.#machine = machine;
    this.#class = root;
    this.#devices = devices;
  }

  list(): readonly PlatformDeviceSummary[] {
    return this.#descriptions().map(({ summary }) => summary);
  }

  open(name: string): PlatformDevice {
    const description = this.#descriptions().find(({ summary }) => summary.name === name);
    if (description === undefined) throw new PlatformDeviceNotFoundError(name, this.#machine);
    const device = new UioPlatformDevice(description, () => this.#open.delete(device));
    this.#open.add(device);
    return device;
  }

  close(): void {
    for (const device of [...this.#open]) device.close();
  }

  #descriptions(): readonly UioDescription[] {
    let nodes: readonly string[];
    try {
      nodes = readdirSync(this.#class);
    } catch {
      // The kernel has no UIO, so there are none.
      return [];
    }
    const first = ({ summary }: UioDescription) => Number(summary.regions[0]?.address ?? 0n);
    return nodes.flatMap((node) => this.#describe(node)).sort((a, b) => first(a) - first(b));
  }

  /** Nothing for a PCI function, which is one, for a device without ranges, and for one that went meanwhile. */
  #describe(node: string): readonly UioDescription[] {
    const folder = join(this.#class, node);
    try {
      if (isPci(folder)) return [];
      const ranges = [...portRanges(folder), ...mapRanges(folder)].map((range, index) => ({
        ...range,
        info: { ...range.info, index },
      }));
      const regions = ranges.map(({ info }) => info);
      const name = platformName(regions);
      if (name === undefined) return [];
      // Which line it is the kernel does not tell; whether there is one its file says when it is read.
      const summary = { name, model: textOf(folder, 'name'), regions, interruptLines: [] };
      return [{ summary, ranges, path: join(this.#devices, node), attributes: folder }];
    } catch {
      return [];
    }
  }
}

function isPci(folder: string): boolean {
  const subsystem = join(folder, 'device', 'subsystem');
  return existsSync(subsystem) && basename(readlinkSync(subsystem)) === 'pci';
}

function textOf(...path: readonly string[]): string {
  return readFileSync(join(...path), 'latin1').trim();
}

function entriesOf(
  folder: string,
  prefix: string,
): readonly { readonly number: number; readonly path: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ number: Number(name.slice(prefix.length)), path: join(folder, name) }))
    .sort((a, b) => a.number - b.number);
}

/** maps/mapN: addr and size in hexadecimal, offset of the first byte in its page. */
function mapRanges(folder: string): UioRange[] {
  return entriesOf(join(folder, 'maps'), 'map').map(({ number, path }) => ({
    info: infoOf('memory', BigInt(textOf(path, 'addr')), Number(textOf(path, 'size'))),
    map: number,
    offset: Number(textOf(path, 'offset')),
  }));
}

/** portio/portN: start and size. */
function portRanges(folder: string): UioRange[] {
  return entriesOf(join(folder, 'portio'), 'port').map(({ path }) => ({
    info: infoOf('io', BigInt(textOf(path, 'start')), Number(textOf(path, 'size'))),
    map: undefined,
    offset: 0,
  }));
}

function infoOf(kind: RegionInfo['kind'], address: bigint, size: number): RegionInfo {
  return { index: 0, kind, address, size, prefetchable: false, wide: false };
}
