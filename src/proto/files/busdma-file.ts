/** The file `busdma`: no data, only requests; what its program has of the device's DMA ends with it, bus mastering first. */
import { changeCommand, type Dma, type Machine, type PciFunction } from '../../function/index.js';
import { CommandBit, OpenslotError, type PciAddress } from '../../pci/index.js';
import { BusdmaArgument, PROTO_IOC_BUSDMA } from '../abi/busdma-request.js';
import { BusdmaTable } from './busdma-table.js';
import { FileError, type Caller, type DeviceFile, type OpenFile } from './device-file.js';
import { DmaFaults } from './dma-faults.js';
import type { FileSource, FunctionFolder, FunctionUse } from './function-folder.js';
import { PROTO_IOC_REGION } from '../abi/ioctl-numbers.js';

export interface DmaFilesOptions {
  readonly machine: Machine;
  /** Functions whose DMA is allowed although no IOMMU keeps it inside of the program's memory; none where absent. */
  readonly unsafeDma?: readonly PciAddress[];
}

/** Source of the `busdma` file of a folder; a function whose machine has no DMA for programs has none. */
export function dmaFiles(options: DmaFilesOptions): FileSource {
  return (folder, { dma }) => (dma === undefined ? [] : [new BusdmaFile(folder, options)]);
}

class BusdmaFile implements DeviceFile {
  readonly name = 'busdma';
  readonly #folder: FunctionFolder;
  readonly #options: DmaFilesOptions;
  #opened: OpenBusdma | undefined;

  constructor(folder: FunctionFolder, options: DmaFilesOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** It has no data. Programs look at the size before they map, so that it tells where what can be mapped ends. */
  get size(): number {
    return this.#opened?.mappedEnd ?? 0;
  }

  open(caller: Caller): OpenFile {
    const use = this.#folder.use(this.name, caller);
    let view: PciFunction | undefined;
    try {
      const { address, name } = this.#folder;
      const { machine } = this.#options;
      if (this.#opened !== undefined) throw new FileError('EBUSY', `${name}/busdma is open already`);
      this.#checkIsolation();
      view = machine.open(address);
      const { dma } = view;
      if (dma === undefined) throw new FileError('ENXIO', `${name} has no DMA any more`);
      const faults = new DmaFaults(machine, address);
      this.#opened = new OpenBusdma({ use, view, dma, faults }, () => {
        this.#opened = undefined;
      });
      return this.#opened;
    } catch (cause) {
      view?.close();
      use[Symbol.dispose]();
      if (cause instanceof OpenslotError) throw new FileError('ENXIO', cause.message, { cause });
      throw cause;
    }
  }

  /** A function without a group is translated by none: what its device is told to write, it writes anywhere. */
  #checkIsolation(): void {
    const { address, name } = this.#folder;
    const { machine, unsafeDma = [] } = this.#options;
    const group = machine.list().find((entry) => entry.address.equals(address))?.iommuGroup;
    if (group !== undefined || unsafeDma.some((one) => one.equals(address))) return;
    throw new FileError(
      'EPERM',
      `no IOMMU is between ${name} and all memory; --unsafe-dma ${address} allows its DMA nevertheless`,
    );
  }
}

interface OpenParts {
  readonly use: FunctionUse;
  /** Of this open alone, so that its file of memory holds nothing of another program's. */
  readonly view: PciFunction;
  readonly dma: Dma;
  readonly faults: DmaFaults;
}

class OpenBusdma implements OpenFile {
  readonly backing?: number;
  readonly #parts: OpenParts;
  readonly #table: BusdmaTable;
  readonly #onRelease: () => void;
  #open = true;

  constructor(parts: OpenParts, onRelease: () => void) {
    this.#parts = parts;
    this.#onRelease = onRelease;
    this.#table = new BusdmaTable(parts.dma, parts.faults);
    const { file } = parts.dma;
    if (file !== undefined) this.backing = file;
    // Whoever has the function now owns its registers: they are left alone.
    parts.use.onRemoved(() => {
      this.#end();
    });
  }

  get mappedEnd(): number {
    return this.backing === undefined ? 0 : this.#table.end;
  }

  read(): number {
    throw new FileError('EIO', 'busdma has no data');
  }

  write(): number {
    throw new FileError('EIO', 'busdma has no data');
  }

  ioctl(request: number, argument: Uint8Array, caller: Caller): number | Promise<number> {
    if (request === PROTO_IOC_REGION) throw new FileError('EINVAL', 'busdma is no region');
    if (request !== PROTO_IOC_BUSDMA) throw new FileError('ENOTTY', 'busdma has no such request');
    if (!this.#open) throw new FileError('ENXIO', 'the function is gone');
    return this.#table.request(new BusdmaArgument(argument), caller);
  }

  /** The device must not master the bus when its memory goes: without an IOMMU it would reach what comes after it. */
  release(): void {
    try {
      if (this.#open) this.#silence();
      this.#end();
    } finally {
      // Where the device could not be silenced its memory stays; the file is free for the next program.
      this.#parts.use[Symbol.dispose]();
      this.#onRelease();
    }
  }

  #silence(): void {
    try {
      changeCommand(this.#parts.view.config, 0, CommandBit.busMaster);
    } catch (cause) {
      // A function that has left cannot be told, and reaches nothing.
      if (!(cause instanceof OpenslotError)) throw cause;
    }
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    const { view, faults } = this.#parts;
    this.#table.close(() => {
      view.close();
      faults[Symbol.dispose]();
    });
  }
}
