/** Platform devices through their device files: `isa:0x3f8/00.io`, `intx`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  FunctionClosedError,
  PlatformDeviceNotFoundError,
  RegionAccessError,
  ResetError,
  type Interrupts,
  type PlatformDevice,
  type PlatformDevices,
  type PlatformDeviceSummary,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../function/index.js';
import { filesOf, placeOf, regionFiles, type RegionFile } from './device-folder.js';
import { DeviceFileError } from './errors.js';
import { FileInterrupts } from './file-interrupts.js';
import { FileRegion } from './file-region.js';
import type { SharedFiles } from './shared-files.js';

const NAME = /^isa:0x[0-9a-f]+$/;

/** Whether a folder of this name is a platform device's. */
export function isPlatformFolder(name: string): boolean {
  return NAME.test(name);
}

/** What a folder tells of its device; a range whose file another program has is not there now. */
function rangesOf(files: SharedFiles): { readonly file: RegionFile; readonly info: RegionInfo }[] {
  return regionFiles(filesOf(files.folder)).flatMap((file) => {
    const place = placeOf(files, file.name);
    if (place === undefined) return [];
    const { number: index, kind } = file;
    return [{ file, info: { index, kind, ...place, prefetchable: false, wide: false } }];
  });
}

export class FilePlatform implements PlatformDevices {
  readonly #machine: string;
  readonly #directory: string;
  readonly #names: () => readonly string[];
  readonly #filesOf: (name: string) => SharedFiles;
  readonly #open = new Set<FilePlatformDevice>();

  /** `names` are all folders there are now. */
  constructor(
    machine: string,
    directory: string,
    names: () => readonly string[],
    files: (name: string) => SharedFiles,
  ) {
    this.#machine = machine;
    this.#directory = directory;
    this.#names = names;
    this.#filesOf = files;
  }

  list(): readonly PlatformDeviceSummary[] {
    return this.#names()
      .filter((name) => NAME.test(name))
      .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
      .map((name) => ({
        name,
        // The files do not say.
        model: '',
        regions: rangesOf(this.#filesOf(name)).map(({ info }) => info),
        interruptLines: [],
      }));
  }

  open(name: string): PlatformDevice {
    if (!NAME.test(name) || !existsSync(join(this.#directory, name)))
      throw new PlatformDeviceNotFoundError(name, this.#machine);
    const device = new FilePlatformDevice(name, this.#filesOf(name), () => this.#open.delete(device));
    this.#open.add(device);
    return device;
  }

  close(): void {
    for (const device of [...this.#open]) device.close();
  }
}

class FilePlatformDevice implements PlatformDevice {
  readonly name: string;
  readonly regions: readonly RegionInfo[];
  readonly interrupts?: Interrupts;
  readonly resetMethods: readonly ResetMethod[] = [];
  readonly #files: SharedFiles;
  readonly #ranges: ReturnType<typeof rangesOf>;
  readonly #interrupts: FileInterrupts | undefined;
  readonly #opened = new Set<Region>();
  readonly #onClose: () => void;
  #open = true;

  constructor(name: string, files: SharedFiles, onClose: () => void) {
    this.name = name;
    this.#files = files;
    this.#onClose = onClose;
    this.#ranges = rangesOf(files);
    this.regions = this.#ranges.map(({ info }) => info);
    const names = filesOf(files.folder);
    if (!names.includes('intx')) return;
    this.#interrupts = new FileInterrupts(files.folder, name, names, () => {
      this.#checkOpen();
    });
    this.interrupts = this.#interrupts;
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const range = this.#ranges.find(({ info }) => info.index === index);
    if (range === undefined)
      throw new RegionAccessError(
        'REGION_ABSENT',
        `region ${index} of ${this.name}`,
        'there is no such file',
      );
    let region: FileRegion;
    try {
      const file = this.#files.use(range.file.name);
      region = new FileRegion(range.info, this.name, file, () => this.#opened.delete(region));
    } catch (cause) {
      if (!(cause instanceof DeviceFileError)) throw cause;
      const path = join(this.#files.folder, range.file.name);
      throw new RegionAccessError('REGION_REFUSED', path, cause.why, cause.next, { cause });
    }
    this.#opened.add(region);
    return region;
  }

  reset(): Promise<ResetMethod> {
    return Promise.reject(new ResetError('RESET_UNAVAILABLE', this.name, 'a platform device has none'));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const region of [...this.#opened]) region.close();
    this.#interrupts?.close();
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.name);
  }
}
