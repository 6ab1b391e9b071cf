/** The files of registers that a function has: `pcicfg`, and `10.mem` or `18.io` for each BAR. */
import {
  allOnes,
  ROM_REGION,
  type ConfigSpace,
  type PciFunction,
  type RegionInfo,
} from '../../function/index.js';
import { Header } from '../../pci/index.js';
import { FileError, type DeviceFile } from './device-file.js';
import type { FunctionFolder } from './function-folder.js';
import { RegisterFile, type Registers } from './register-file.js';

/** Size of `pcicfg` for every function, conventional ones too, as on FreeBSD. */
const CONFIG_SIZE = 4096;
/** What the kernel shows of configuration space without privilege. */
const HEADER_ONLY = 64;
const BAR_BYTES = 4;

/** Source of a folder's register files. A BAR without an address, and the ROM, have none. */
export function registerFiles(folder: FunctionFolder, { regions }: PciFunction): readonly DeviceFile[] {
  return [
    configFile(folder),
    ...regions
      .filter(({ index, address, size }) => index !== ROM_REGION && address !== 0n && size > 0)
      .map((info) => regionFile(folder, info)),
  ];
}

function configFile(folder: FunctionFolder): RegisterFile {
  return new RegisterFile(folder, {
    name: 'pcicfg',
    size: CONFIG_SIZE,
    address: 0n,
    noQuad: 'EINVAL',
    open: ({ fn }) => new ConfigRegisters(fn.config),
  });
}

/** `10.mem`: the offset of the BAR in configuration space, of its low half where it has 64 bits. */
export function regionFileName({ index, kind }: RegionInfo): string {
  const offset = Header.firstBar + index * BAR_BYTES;
  return `${offset.toString(16).padStart(2, '0')}.${kind === 'io' ? 'io' : 'mem'}`;
}

function regionFile(folder: FunctionFolder, info: RegionInfo): RegisterFile {
  const { size, address, kind, index } = info;
  return new RegisterFile(folder, {
    name: regionFileName(info),
    size,
    address,
    ...(kind === 'io' ? { noQuad: 'EIO' as const } : {}),
    open: ({ fn }) => {
      const region = fn.openRegion(index);
      return {
        read: (offset, width) =>
          width === 4 ? region.read32(offset) : width === 2 ? region.read16(offset) : region.read8(offset),
        write: (offset, width, value) => {
          if (width === 4) region.write32(offset, value);
          else if (width === 2) region.write16(offset, value);
          else region.write8(offset, value);
        },
        read64: (offset) => region.read64(offset),
        write64: (offset, value) => {
          region.write64(offset, value);
        },
        close: () => {
          region.close();
        },
      };
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
