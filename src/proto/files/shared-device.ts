/** A device with files, opened once for all of its open files: who has which, and its end under them. */
import { OpenslotError } from '../../pci/index.js';
import type { Resources } from '../../function/index.js';
import { FileError, type Caller } from './device-file.js';

/** Who has a file of a device open. */
export interface Holder {
  readonly file: string;
  /** Process id of the opener; 0 for one that the server cannot see. */
  readonly pid: number;
}

/** What has files: a function, or a platform device. */
export type OpenedDevice = Resources & { close(): void };

/** One open file's share in the device; disposing of it ends the share. */
export interface DeviceUse<Device extends OpenedDevice = OpenedDevice> extends Disposable {
  readonly device: Device;
  /** The device is taken away, or has vanished: each further call is ENXIO, and `device` is closed. */
  readonly removed: boolean;
  /** Called once when that happens. */
  onRemoved(listener: () => void): void;
}

class Use<Device extends OpenedDevice> implements DeviceUse<Device> {
  readonly device: Device;
  readonly holder: Holder;
  readonly #onEnd: () => void;
  readonly #listeners: (() => void)[] = [];
  removed = false;

  constructor(device: Device, holder: Holder, onEnd: () => void) {
    this.device = device;
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
    this.#onEnd();
  }
}

export class SharedDevice<Device extends OpenedDevice = OpenedDevice> {
  /** Of its folder. */
  readonly name: string;
  protected readonly openDevice: () => Device;
  readonly #uses = new Set<Use<Device>>();
  #device: Device | undefined;
  #removed = false;

  constructor(name: string, open: () => Device) {
    this.name = name;
    this.openDevice = open;
  }

  /** Who has which of its files open. */
  get holders(): readonly Holder[] {
    return [...this.#uses].map(({ holder }) => holder);
  }

  protected get isRemoved(): boolean {
    return this.#removed;
  }

  /**
   * A share in the device for one open of the file of this name. The device is opened for the first and closed with the
   * last. @throws {FileError} ENXIO when the device is taken away or gone.
   */
  use(file: string, caller: Caller): DeviceUse<Device> {
    if (this.#removed) throw new FileError('ENXIO', `${this.name} is gone`);
    const use: Use<Device> = new Use((this.#device ??= this.#opened()), { file, pid: caller.pid }, () => {
      if (this.#uses.delete(use) && this.#uses.size === 0) this.#close();
    });
    this.#uses.add(use);
    return use;
  }

  /** Takes the device away from whoever has its files open: nobody opens one any more, and each call is ENXIO. */
  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    for (const use of [...this.#uses]) use.remove();
    this.#close();
  }

  #opened(): Device {
    try {
      return this.openDevice();
    } catch (cause) {
      if (cause instanceof OpenslotError) throw new FileError('ENXIO', cause.message, { cause });
      throw cause;
    }
  }

  #close(): void {
    this.#device?.close();
    this.#device = undefined;
  }
}
