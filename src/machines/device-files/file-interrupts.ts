/** Interrupts as the device files `intx`, `msi0`, `msix12`: a read gives the count, poll(2) wakes, a write acknowledges. */
import { closeSync, constants as fileConstants } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import {
  CountedStream,
  InterruptError,
  type Interrupts,
  type InterruptSource,
  type InterruptStream,
} from '../../function/index.js';
import { sourceName } from '../../function/recording/index.js';
import { readOnce, writeOnce } from '../../os/index.js';
import { FileCounter } from '../counting-files/index.js';
import { DeviceFileError } from './errors.js';
import { openDeviceFile } from './shared-files.js';

/** What a read gives: 8 bytes. */
const COUNT = new BigUint64Array(1);
const COUNT_BYTES = new Uint8Array(COUNT.buffer);
const ACKNOWLEDGE = Uint8Array.of(1, 0, 0, 0);

/** One open interrupt file. */
function counterOf(path: string, fd: number, level: boolean): FileCounter {
  return new FileCounter({
    fd,
    name: path,
    read: () => {
      const read = readOnce(fd, COUNT_BYTES);
      if (read === COUNT_BYTES.length) return Number(COUNT[0]);
      if (read === -constants.errno.EAGAIN) return 0;
      throw new DeviceFileError(path, read < 0 ? getSystemErrorName(read) : `${read} of 8 bytes`);
    },
    acknowledge: () => {
      // Refused where the function is gone, and its interrupts with it: the next read says so.
      if (level) writeOnce(fd, ACKNOWLEDGE, ACKNOWLEDGE.length);
    },
    close: () => {
      closeSync(fd);
    },
  });
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
    const counter = counterOf(path, this.#openFile(path, source), source.kind === 'intx');
    const stream = new CountedStream(source, counter, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** EBUSY is another program, or another kind that is on. */
  #openFile(path: string, source: InterruptSource): number {
    try {
      return openDeviceFile(path, fileConstants.O_RDWR | fileConstants.O_NONBLOCK);
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
