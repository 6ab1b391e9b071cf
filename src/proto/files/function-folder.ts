/** A function's folder: its files, and the one opened function that all of its open files share. */
import type { PciFunction, RegionInfo } from '../../function/index.js';
import { CommandBit, Header, notations, OpenslotError, type PciAddress } from '../../pci/index.js';
import { FileError, type Caller, type DeviceFile } from './device-file.js';
import type { DeviceFolder } from './device-folder.js';

/** Who has a file of a function open. */
export interface Holder {
  readonly file: string;
  /** Process id of the opener; 0 for one that the server cannot see. */
  readonly pid: number;
}

/** One open file's share in the function; disposing of it ends the share. */
export interface FunctionUse extends Disposable {
  readonly fn: PciFunction;
  /** The function is taken away, or has vanished: each further call is ENXIO, and `fn` is closed. */
  readonly removed: boolean;
  /** Called once when that happens. */
  onRemoved(listener: () => void): void;
}

/**
 * Makes some of a folder's files. `fn` is open for the duration of the call only: a file opens the function by
 * {@link FunctionFolder.use} when it is opened itself.
 */
export type FileSource = (folder: FunctionFolder, fn: PciFunction) => readonly DeviceFile[];

class Use implements FunctionUse {
  readonly fn: PciFunction;
  readonly holder: Holder;
  readonly #onEnd: (use: Use) => void;
  readonly #listeners: (() => void)[] = [];
  removed = false;

  constructor(fn: PciFunction, holder: Holder, onEnd: (use: Use) => void) {
    this.fn = fn;
    this.holder = holder;
    this.#onEnd = onEnd;
  }

  onRemoved(listener: () => void): void {
    this.#listeners.push(listener);
  }

  remove(): void {
    this.removed = true;
    for (const listener of this.#listeners) listener();
  }

  [Symbol.dispose](): void {
    this.#onEnd(this);
  }
}

export class FunctionFolder implements DeviceFolder {
  readonly address: PciAddress;
  readonly name: string;
  readonly files: readonly DeviceFile[];
  readonly #open: () => PciFunction;
  readonly #uses = new Set<Use>();
  #fn: PciFunction | undefined;
  #removed = false;
  /** We switched the decoding on: it goes off with the folder. */
  #enabled = false;

  /** @param open opens the function; what it throws, this throws when the function cannot be looked at now. */
  constructor(address: PciAddress, open: () => PciFunction, sources: readonly FileSource[]) {
    this.address = address;
    this.name = notations.proto.format(address);
    this.#open = open;
    using fn = open();
    this.files = sources.flatMap((source) => source(this, fn));
  }

  /** Who has which of its files open. */
  get holders(): readonly Holder[] {
    return [...this.#uses].map(({ holder }) => holder);
  }

  /**
   * A share in the function for one open of the file of this name. The function is opened for the first and closed
   * with the last. @throws {FileError} ENXIO when the function is taken away or gone.
   */
  use(file: string, caller: Caller): FunctionUse {
    if (this.#removed) throw new FileError('ENXIO', `${this.name} is gone`);
    const use = new Use((this.#fn ??= this.#opened()), { file, pid: caller.pid }, (ended) => {
      this.#end(ended);
    });
    this.#uses.add(use);
    return use;
  }

  /** Switches the device's decoding on where a region of this kind would not be answered; as FreeBSD does, for good. */
  decode(fn: PciFunction, kind: RegionInfo['kind']): void {
    const bit = kind === 'io' ? CommandBit.io : CommandBit.memory;
    if ((fn.config.read(Header.command, 2) & bit) !== 0) return;
    fn.setEnabled(true);
    this.#enabled = true;
  }

  /** The orderly end: as {@link remove}, and the device decodes no more than before. */
  leave(): void {
    const enabled = this.#enabled && !this.#removed;
    this.remove();
    if (!enabled) return;
    try {
      using fn = this.#open();
      fn.setEnabled(false);
    } catch (error) {
      // It has gone meanwhile, and decodes nothing.
      if (!(error instanceof OpenslotError)) throw error;
    }
  }

  /** Takes the function away from whoever has its files open: nobody opens one any more, and each call is ENXIO. */
  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    for (const use of [...this.#uses]) use.remove();
    this.#close();
  }

  #opened(): PciFunction {
    try {
      return this.#open();
    } catch (cause) {
      if (cause instanceof OpenslotError) throw new FileError('ENXIO', cause.message, { cause });
      throw cause;
    }
  }

  #end(use: Use): void {
    if (this.#uses.delete(use) && this.#uses.size === 0) this.#close();
  }

  #close(): void {
    this.#fn?.close();
    this.#fn = undefined;
  }
}
