/** Interrupts as the device files `intx`, `msi0`, `msix12`: a read gives the count, poll(2) wakes, a write acknowledges. */
import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  CountedStream,
  InterruptError,
  sourceName,
  type InterruptCounter,
  type Interrupts,
  type InterruptSource,
  type InterruptStream,
} from '../../function/index.js';
import { onReadable, waitReadable } from '../../os/index.js';
import { DeviceFileError } from './errors.js';
import { errnoOf, openDeviceFile } from './shared-files.js';

/** One open interrupt file. */
class FileCounter implements InterruptCounter {
  readonly #path: string;
  readonly #level: boolean;
  readonly #count = Buffer.alloc(8);
  #fd: number | undefined;
  /** Ends a wait that is under way. */
  #wake: (() => void) | undefined;

  constructor(path: string, fd: number, level: boolean) {
    this.#path = path;
    this.#fd = fd;
    this.#level = level;
  }

  take(): number {
    if (this.#fd === undefined) return 0;
    try {
      readSync(this.#fd, this.#count, 0, 8, null);
      return Number(this.#count.readBigUInt64LE(0));
    } catch (cause) {
      if (errnoOf(cause) === 'EAGAIN') return 0;
      throw new DeviceFileError(this.#path, errnoOf(cause), { cause });
    }
  }

  wait(milliseconds: number): boolean {
    return this.#fd !== undefined && waitReadable(this.#fd, milliseconds, this.#path);
  }

  ready(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const readiness = onReadable(fd, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        readiness.close();
        resolve();
      };
    });
  }

  acknowledge(): void {
    if (this.#fd === undefined || !this.#level) return;
    this.#count.writeUInt32LE(1, 0);
    try {
      writeSync(this.#fd, this.#count, 0, 4, null);
    } catch {
      // The function is gone, and its interrupts with it: the next read says so.
    }
  }

  close(): void {
    this.#wake?.();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export class FileInterrupts implements Interrupts {
  readonly available: Interrupts['available'];
  readonly #folder: string;
  readonly #device: string;
  readonly #checkOpen: () => void;
  readonly #streams = new Set<CountedStream>();

  /** `files` are the names in the device's folder. */
  constructor(folder: string, device: string, files: readonly string[], checkOpen: () => void) {
    this.#folder = folder;
    this.#device = device;
    this.#checkOpen = checkOpen;
    const count = (form: RegExp) => files.filter((name) => form.test(name)).length;
    this.available = { intx: count(/^intx$/), msi: count(/^msi\d+$/), msix: count(/^msix\d+$/) };
  }

  open(source: InterruptSource): InterruptStream {
    this.#checkOpen();
    const vector = source.kind === 'intx' ? 0 : source.vector;
    if (!(Number.isInteger(vector) && vector >= 0 && vector < this.available[source.kind]))
      throw new InterruptError('INTERRUPT_ABSENT', this.#device, source, 'the function has no such file');
    const path = join(this.#folder, sourceName(source));
    const counter = new FileCounter(path, this.#openFile(path, source), source.kind === 'intx');
    const stream = new CountedStream(source, counter, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** EBUSY is another program, or another kind that is on. */
  #openFile(path: string, source: InterruptSource): number {
    try {
      return openDeviceFile(path, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (cause) {
      if (!(cause instanceof DeviceFileError)) throw cause;
      const { errno } = cause;
      const code =
        errno === 'EBUSY' ? 'INTERRUPT_TAKEN' : errno === 'ENXIO' ? 'INTERRUPT_ABSENT' : 'INTERRUPT_FAILED';
      throw new InterruptError(code, this.#device, source, `${path}: ${errno}`, '', { cause });
    }
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.close();
  }
}
