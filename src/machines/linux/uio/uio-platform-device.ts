/** A platform device of this host, opened through its UIO file. */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  FunctionClosedError,
  InterruptSources,
  MemoryRegisters,
  RegionAccessError,
  ResetError,
  type Interrupts,
  type PlatformDevice,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../../function/index.js';
import { mapFile, PAGE_SIZE, type Mapping } from '../../../os/index.js';
import { FileRegisters } from '../file-registers.js';
import { errnoOf } from '../sysfs.js';
import { UioEvents } from './uio-events.js';
import type { UioDescription, UioRange } from './uio-platform.js';

/** A byte of it is a port: the kernel makes one access of 8 bits for each. */
const PORTS = '/dev/port';

export class UioPlatformDevice implements PlatformDevice {
  readonly name: string;
  readonly regions: readonly RegionInfo[];
  readonly interrupts: Interrupts;
  readonly resetMethods: readonly ResetMethod[] = [];
  readonly #description: UioDescription;
  readonly #onClose: () => void;
  readonly #fd: number;
  readonly #opened = new Set<Region>();
  readonly #streams = new Set<Disposable>();
  #open = true;

  /** @throws {RegionAccessError} the device file cannot be opened. */
  constructor(description: UioDescription, onClose: () => void) {
    const { path, attributes, summary } = description;
    this.name = summary.name;
    this.regions = summary.regions;
    this.#description = description;
    this.#onClose = onClose;
    const fd = opened(path, this.name);
    this.#fd = fd;
    let events: UioEvents;
    try {
      const count = Number(readFileSync(join(attributes, 'event'), 'latin1'));
      events = new UioEvents({ fd, path, count, device: this.name });
    } catch (cause) {
      closeSync(fd);
      throw new RegionAccessError('REGION_REFUSED', this.name, `${attributes}: ${errnoOf(cause)}`, '', {
        cause,
      });
    }
    const available = { intx: events.present ? 1 : 0, msi: 0, msix: 0 };
    const sources = new InterruptSources(this.name, {
      available,
      on: () =>
        events.counter(() => {
          this.#control(1);
        }),
      off: () => {
        this.#control(0);
      },
    });
    this.interrupts = {
      available,
      open: (source) => {
        this.#checkOpen();
        const stream = sources.open(source, (closed) => this.#streams.delete(closed));
        this.#streams.add(stream);
        return stream;
      },
    };
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const name = `region ${index} of ${this.name}`;
    const range = this.#description.ranges.find(({ info }) => info.index === index);
    if (range === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such range');
    const onClose = () => this.#opened.delete(region);
    const region: Region =
      range.map === undefined
        ? new UioPorts(name, range.info, onClose)
        : new UioMemory(name, range, this.#map(range, range.map), onClose);
    this.#opened.add(region);
    return region;
  }

  reset(): Promise<ResetMethod> {
    return Promise.reject(new ResetError('RESET_UNAVAILABLE', this.name, 'a platform device has none'));
  }

  close(): void {
    if (!this.#open) return;
    for (const stream of [...this.#streams]) stream[Symbol.dispose]();
    this.#open = false;
    for (const region of [...this.#opened]) region.close();
    closeSync(this.#fd);
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Map N of a device is at N pages in its file, whatever its size (linux/drivers/uio/uio.c). */
  #map({ info, offset }: UioRange, map: number): Mapping {
    return mapFile(this.#fd, map * PAGE_SIZE, offset + info.size, this.#description.path);
  }

  /**
   * Lets the line through, or not. Drivers that do not mask it have no such control (ENOSYS), and need none; of a
   * device that has gone (EIO, EINVAL) the next read tells.
   */
  #control(on: 0 | 1): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(on, 0);
    try {
      writeSync(this.#fd, bytes, 0, 4, null);
    } catch (cause) {
      if (!['ENOSYS', 'EIO', 'EINVAL'].includes(errnoOf(cause))) throw cause;
    }
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.name);
  }
}

function opened(path: string, name: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw new RegionAccessError('REGION_REFUSED', name, `${path}: ${errnoOf(cause)}`, 'run it as root', {
      cause,
    });
  }
}

class UioMemory extends MemoryRegisters implements Region {
  readonly info: RegionInfo;
  readonly mapped = true;
  readonly #mapping: Mapping;
  readonly #onClose: () => void;

  constructor(name: string, { info, offset }: UioRange, mapping: Mapping, onClose: () => void) {
    super(name, mapping.buffer, offset, info.size);
    this.info = info;
    this.#mapping = mapping;
    this.#onClose = onClose;
  }

  override close(): void {
    super.close();
    this.#mapping.close();
    this.#onClose();
  }
}

/** The kernel would make several accesses of 8 bits out of a longer one. */
class UioPorts extends FileRegisters implements Region {
  readonly info: RegionInfo;
  readonly #fd: number;
  readonly #name: string;
  readonly #onClose: () => void;
  #closed = false;

  constructor(name: string, info: RegionInfo, onClose: () => void) {
    const fd = opened(PORTS, name);
    super(name, { fd, base: Number(info.address), size: info.size, kind: 'io' });
    this.info = info;
    this.#fd = fd;
    this.#name = name;
    this.#onClose = onClose;
  }

  override read16(): number {
    throw this.#wide();
  }

  override read32(): number {
    throw this.#wide();
  }

  override write16(): void {
    throw this.#wide();
  }

  override write32(): void {
    throw this.#wide();
  }

  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    super.close();
    closeSync(this.#fd);
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wide(): RegionAccessError {
    return new RegionAccessError('REGION_REFUSED', this.#name, `${PORTS} has accesses of 8 bits alone`);
  }
}
