/** A file of registers: exclusive, and each read or write of it is one access of that width, by proto(4)'s rules of length and place. */
import { OpenslotError } from '../../pci/index.js';
import { PROTO_IOC_BUSDMA } from '../abi/busdma-request.js';
import { FileError, type Errno, type Caller, type DeviceFile, type OpenFile } from './device-file.js';
import type { DeviceUse, OpenedDevice, SharedDevice } from './shared-device.js';
import { PROTO_IOC_REGION, RegionArgument } from '../abi/ioctl-numbers.js';

/** Bytes of one access. */
export type Width = 1 | 2 | 4 | 8;

/** The registers behind an open file. What they are called with is inside of the file and aligned. */
export interface Registers {
  read(offset: number, width: 1 | 2 | 4): number;
  write(offset: number, width: 1 | 2 | 4, value: number): void;
  read64(offset: number): bigint;
  write64(offset: number, value: bigint): void;
  /** A descriptor whose memory mmap(2) of the file maps; it is open until {@link close}. */
  readonly memory?: number;
  close(): void;
}

export interface RegisterFileKind<Device extends OpenedDevice> {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** What PROTO_IOC_REGION tells: the address on the host's bus, 0n for configuration space. */
  readonly address: bigint;
  readonly note?: string;
  /** Errno of an access of 8 bytes, where there is none. */
  readonly noQuad?: 'EINVAL' | 'EIO';
  readonly open: (use: DeviceUse<Device>) => Registers;
}

export class RegisterFile<Device extends OpenedDevice> implements DeviceFile {
  readonly name: string;
  readonly size: number;
  readonly note?: string;
  readonly #folder: SharedDevice<Device>;
  readonly #kind: RegisterFileKind<Device>;
  #taken = false;

  constructor(folder: SharedDevice<Device>, kind: RegisterFileKind<Device>) {
    this.name = kind.name;
    this.size = kind.size;
    if (kind.note !== undefined) this.note = kind.note;
    this.#folder = folder;
    this.#kind = kind;
  }

  open(caller: Caller): OpenFile {
    if (this.#taken) throw new FileError('EBUSY', `${this.#folder.name}/${this.name} is open already`);
    const use = this.#folder.use(this.name, caller);
    let registers: Registers;
    try {
      registers = this.#kind.open(use);
    } catch (cause) {
      use[Symbol.dispose]();
      throw asFileError(cause);
    }
    this.#taken = true;
    return new OpenRegisters(this.#kind, use, registers, () => {
      this.#taken = false;
    });
  }
}

/** What an open file has to know of its kind. */
type PlacedFile = Pick<RegisterFileKind<OpenedDevice>, 'size' | 'address' | 'noQuad'>;

class OpenRegisters implements OpenFile {
  readonly backing?: number;
  readonly #kind: PlacedFile;
  readonly #use: DeviceUse;
  readonly #registers: Registers;
  readonly #onRelease: () => void;

  constructor(kind: PlacedFile, use: DeviceUse, registers: Registers, onRelease: () => void) {
    this.#kind = kind;
    this.#use = use;
    this.#registers = registers;
    if (registers.memory !== undefined) this.backing = registers.memory;
    this.#onRelease = onRelease;
  }

  read(offset: number, into: Uint8Array): number {
    const width = into.length;
    this.#check(offset, width);
    try {
      if (width === 8) put64(into, this.#registers.read64(offset));
      else put(into, this.#registers.read(offset, width as 1 | 2 | 4));
    } catch (cause) {
      throw asFileError(cause);
    }
    return width;
  }

  write(offset: number, from: Uint8Array): number {
    const width = from.length;
    this.#check(offset, width);
    try {
      if (width === 8) this.#registers.write64(offset, take64(from));
      else this.#registers.write(offset, width as 1 | 2 | 4, take(from));
    } catch (cause) {
      throw asFileError(cause);
    }
    return width;
  }

  ioctl(request: number, argument: Uint8Array): number {
    if (request === PROTO_IOC_BUSDMA) throw new FileError('EINVAL', 'that is a request to busdma');
    if (request !== PROTO_IOC_REGION)
      throw new FileError('ENOTTY', 'a file of registers has no such request');
    if (this.#use.removed) throw new FileError('ENXIO', 'the function is gone');
    const view = new DataView(argument.buffer, argument.byteOffset, RegionArgument.bytes);
    view.setBigUint64(RegionArgument.address, this.#kind.address, true);
    view.setBigUint64(RegionArgument.size, BigInt(this.#kind.size), true);
    return 0;
  }

  release(): void {
    this.#registers.close();
    this.#use[Symbol.dispose]();
    this.#onRelease();
  }

  /** In proto(4)'s order; that it must be aligned is ours, because one access of a bus is. */
  #check(offset: number, width: number): void {
    if (width !== 1 && width !== 2 && width !== 4 && width !== 8)
      throw new FileError('EIO', `${width} bytes are no access`);
    if (offset < 0 || offset + width > this.#kind.size)
      throw new FileError('EIO', 'the access is not inside of the file');
    const { noQuad } = this.#kind;
    if (width === 8 && noQuad !== undefined) throw new FileError(noQuad, 'there are no accesses of 8 bytes');
    if (offset % width !== 0) throw new FileError('EINVAL', 'the access is not aligned to its width');
    if (this.#use.removed) throw new FileError('ENXIO', 'the function is gone');
  }
}

/** Little-endian, as all hosts with these files are. */
function put(into: Uint8Array, value: number): void {
  into[0] = value;
  if (into.length > 1) into[1] = value >>> 8;
  if (into.length > 2) {
    into[2] = value >>> 16;
    into[3] = value >>> 24;
  }
}

function take(from: Uint8Array): number {
  let value = 0;
  for (let at = from.length - 1; at >= 0; at--) value = (value << 8) | (from[at] ?? 0);
  return value >>> 0;
}

function put64(into: Uint8Array, value: bigint): void {
  new DataView(into.buffer, into.byteOffset, 8).setBigUint64(0, value, true);
}

function take64(from: Uint8Array): bigint {
  return new DataView(from.buffer, from.byteOffset, 8).getBigUint64(0, true);
}

/** What the port refuses, as an errno. */
function asFileError(cause: unknown): unknown {
  return cause instanceof OpenslotError
    ? new FileError(errnoFor(cause.code), cause.message, { cause })
    : cause;
}

function errnoFor(code: string): Errno {
  switch (code) {
    case 'REGION_CLOSED':
    case 'REGION_ABSENT':
    case 'FUNCTION_CLOSED':
      return 'ENXIO';
    case 'REGION_UNALIGNED':
    case 'CONFIG_UNALIGNED':
      return 'EINVAL';
    default:
      return 'EIO';
  }
}
