/** The machine `proto:DIR`: the devices that have a folder of files below a directory. */
import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  FunctionNotFoundError,
  type FunctionSummary,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
} from '../../function/index.js';
import { Header, notations, tryParse, type PciAddress } from '../../pci/index.js';
import { filesOf } from './device-folder.js';
import { DeviceFileError, DeviceFilesAbsentError, OwnMountError } from './errors.js';
import { FileConfig } from './file-config.js';
import { FileFunction } from './file-function.js';
import { FilePlatform, isPlatformFolder } from './file-platform.js';
import { isOwnMount } from './own-mount.js';
import { errnoOf, SharedFiles } from './shared-files.js';

export class DeviceFilesMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  readonly platform: FilePlatform;
  readonly #directory: string;
  readonly #files = new Map<string, SharedFiles>();
  readonly #open = new Set<FileFunction>();

  /** @throws {DeviceFilesAbsentError | OwnMountError} */
  constructor(directory: string) {
    // Before anything of it is touched: the first look would not come back.
    if (isOwnMount(directory)) throw new OwnMountError(directory);
    this.name = `proto:${directory}`;
    this.#directory = directory;
    this.platform = new FilePlatform(
      this.name,
      directory,
      () => this.#names(),
      (name) => this.#filesOf(name),
    );
    this.#checkDevices();
    const names = this.#folders().flatMap(({ name }) => filesOf(join(directory, name)));
    const has = (form: RegExp) => names.some((name) => form.test(name));
    this.capabilities = {
      configWrite: true,
      memoryRegions: true,
      ioRegions: true,
      interrupts: has(/^(intx|msix?\d+)$/),
      dma: has(/^busdma$/),
      reset: false,
      iommuGroups: false,
      machineFrames: false,
    };
  }

  list(): readonly FunctionSummary[] {
    return this.#folders()
      .map(({ name, address }) => this.#summary(name, address))
      .sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  open(address: PciAddress): PciFunction {
    const name = notations.proto.format(address);
    if (!existsSync(join(this.#directory, name))) throw new FunctionNotFoundError(address, this.name);
    const fn = new FileFunction(address, this.#filesOf(name));
    this.#open.add(fn);
    return fn;
  }

  [Symbol.dispose](): void {
    for (const fn of this.#open) fn.close();
    this.#open.clear();
    this.platform.close();
  }

  #filesOf(name: string): SharedFiles {
    let files = this.#files.get(name);
    if (files === undefined) this.#files.set(name, (files = new SharedFiles(join(this.#directory, name))));
    return files;
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#directory);
    } catch (cause) {
      throw new DeviceFilesAbsentError(this.#directory, errnoOf(cause), undefined, { cause });
    }
  }

  /** A mount may have no free function now; any other directory without devices is none of device files. */
  #checkDevices(): void {
    const names = this.#names();
    if (this.#folders().length > 0 || names.some(isPlatformFolder)) return;
    const directory = this.#directory;
    if (names.length === 0) {
      if (statfsSync(directory).type === FUSE_SUPER_MAGIC) return;
      throw new DeviceFilesAbsentError(directory, 'it is empty, and nothing is mounted there');
    }
    const next = names.includes('pcicfg')
      ? `this is the folder of one device: --on proto:${dirname(resolve(directory))}`
      : 'name the directory that the device files are mounted at';
    throw new DeviceFilesAbsentError(directory, 'no folder in it is a device’s', next);
  }

  /** Folders of functions; others, of platform devices and whatever is there, are none. */
  #folders(): readonly { readonly name: string; readonly address: PciAddress }[] {
    return this.#names().flatMap((name) => {
      const address = tryParse(notations.proto, name);
      return address === undefined ? [] : [{ name, address }];
    });
  }

  #summary(name: string, address: PciAddress): FunctionSummary {
    const nothing = { driver: undefined, iommuGroup: undefined };
    let config: FileConfig;
    try {
      config = new FileConfig(this.#filesOf(name).use('pcicfg'));
    } catch (cause) {
      if (!(cause instanceof DeviceFileError)) throw cause;
      return {
        ...nothing,
        address,
        vendor: 0xffff,
        device: 0xffff,
        subsystemVendor: undefined,
        subsystemDevice: undefined,
        classCode: 0,
        revision: 0,
        headerType: 0,
        unreadable: [{ what: 'configuration space', why: cause.message }],
      };
    }
    try {
      const classAndRevision = config.read(Header.revision, 4);
      return {
        ...nothing,
        address,
        vendor: config.read(Header.vendor, 2),
        device: config.read(Header.device, 2),
        subsystemVendor: config.read(SUBSYSTEM_VENDOR, 2),
        subsystemDevice: config.read(SUBSYSTEM_DEVICE, 2),
        classCode: classAndRevision >>> 8,
        revision: classAndRevision & 0xff,
        headerType: config.read(Header.type, 1) & 0x7f,
        unreadable: [],
      };
    } finally {
      config.close();
    }
  }
}

/** statfs(2). */
const FUSE_SUPER_MAGIC = 0x65735546;

/** Of a device's header, which all that have files are of. */
const SUBSYSTEM_VENDOR = 0x2c;
const SUBSYSTEM_DEVICE = 0x2e;
