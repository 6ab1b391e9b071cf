/** The files of registers that a function has: `pcicfg`, and `10.mem` or `18.io` for each BAR. */
import {
  allOnes,
  ROM_REGION,
  type ConfigSpace,
  type PciFunction,
  type RegionInfo,
} from '../../function/index.js';
import { Header } from '../../pci/index.js';
import { FileError } from './device-file.js';
import type { FileSource, FunctionFolder } from './function-folder.js';
import { RegionRegisters } from './region-registers.js';
import { RegisterFile, type Registers } from './register-file.js';

/** Size of `pcicfg` for every function, conventional ones too, as on FreeBSD. */
const CONFIG_SIZE = 4096;
/** What the kernel shows of configuration space without privilege. */
const HEADER_ONLY = 64;
const BAR_BYTES = 4;

export interface RegisterFilesOptions {
  /**
   * Read and write BARs also where that takes a mapping, which ends the serving process when such a device vanishes.
   * Without it those files can be mapped by programs, where the kernel lets them, and not be read.
   */
  readonly mapRegisters?: boolean;
}

/** Source of a folder's register files. A BAR without an address, and the ROM, have none. */
export function registerFiles({ mapRegisters = false }: RegisterFilesOptions = {}): FileSource {
  return (folder, fn) => [
    configFile(folder),
    ...fn.regions
      .filter(({ index, address, size }) => index !== ROM_REGION && address !== 0n && size > 0)
      .map((info) => regionFile(folder, fn, info, mapRegisters)),
  ];
}

function configFile(folder: FunctionFolder): RegisterFile<PciFunction> {
  return new RegisterFile(folder, {
    name: 'pcicfg',
    size: CONFIG_SIZE,
    address: 0n,
    noQuad: 'EINVAL',
    open: ({ device }) => new ConfigRegisters(device.config),
  });
}

/** `10.mem`: the offset of the BAR in configuration space, of its low half where it has 64 bits. */
export function regionFileName({ index, kind }: RegionInfo): string {
  const offset = Header.firstBar + index * BAR_BYTES;
  return `${offset.toString(16).padStart(2, '0')}.${kind === 'io' ? 'io' : 'mem'}`;
}

function regionFile(
  folder: FunctionFolder,
  fn: PciFunction,
  info: RegionInfo,
  mapRegisters: boolean,
): RegisterFile<PciFunction> {
  const { size, address, kind, index } = info;
  // Told without opening the region: that takes the function from whoever else has it by UIO or VFIO.
  const mapOnly = !mapRegisters && kind === 'memory' && fn.openRegionMemory !== undefined;
  return new RegisterFile(folder, {
    name: regionFileName(info),
    size,
    address,
    ...(kind === 'io' ? { noQuad: 'EIO' as const } : {}),
    ...(mapOnly ? { note: 'mmap only: see --map-registers' } : {}),
    open: ({ device }) => {
      folder.decode(device, kind);
      return new RegionRegisters(device, index, mapRegisters);
    },
  });
}

/** Behind the end of a conventional function's space nothing answers: all ones, and writes go nowhere. */
class ConfigRegisters implements Registers {
  readonly #config: ConfigSpace;

  constructor(config: ConfigSpace) {
    this.#config = config;
  }

  read(offset: number, width: 1 | 2 | 4): number {
    return this.#isThere(offset) ? this.#config.read(offset, width) : allOnes(width);
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    if (this.#isThere(offset)) this.#config.write(offset, width, value);
  }

  read64(): bigint {
    throw new FileError('EINVAL', 'configuration space has no accesses of 8 bytes');
  }

  write64(): void {
    this.read64();
  }

  close(): void {
    // The function's own end closes it.
  }

  #isThere(offset: number): boolean {
    const { size } = this.#config;
    if (offset < size) return true;
    if (size <= HEADER_ONLY) throw new FileError('EPERM', 'the kernel shows the rest to root only');
    return false;
  }
}
