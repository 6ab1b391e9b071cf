/** The interrupt of a UIO device as its open file counts it (linux/drivers/uio/uio.c). */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { InterruptError, type InterruptCounter } from '../../../function/index.js';
import { readOnce } from '../../../os/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { FileCounter } from '../../counting-files/index.js';

const { EAGAIN, EIO } = constants.errno;
const INTX = { kind: 'intx' } as const;

export interface UioFile {
  /** Open, without blocking; it stays the caller's. */
  readonly fd: number;
  readonly path: string;
  /** The kernel's count when it was opened, from the attribute `event`. */
  readonly count: number;
  /** Address or name of the device, in messages. */
  readonly device: PciAddress | string;
}

export class UioEvents {
  /** The driver gave the device an interrupt: without one its file cannot be read (EIO). */
  readonly present: boolean;
  readonly #file: UioFile;
  readonly #total = new Uint32Array(1);
  readonly #bytes = new Uint8Array(this.#total.buffer);
  /** The kernel's count, of 32 bits, as it was read last. */
  #last: number;

  constructor(file: UioFile) {
    this.#file = file;
    this.#last = file.count;
    this.present = this.#take() !== -EIO;
  }

  /** Of interrupts that come from now on. `unmask` lets the next one through. */
  counter(unmask: () => void): InterruptCounter {
    const { fd, path } = this.#file;
    const counter = new FileCounter({
      fd,
      name: path,
      read: () => this.#read(),
      acknowledge: unmask,
      // The file is of the device and not of the stream.
      close: () => undefined,
    });
    // What came while nobody listened is nobody's.
    counter.take();
    unmask();
    return counter;
  }

  #read(): number {
    const count = this.#take();
    if (count >= 0) return count;
    const { device, path } = this.#file;
    throw new InterruptError('INTERRUPT_FAILED', device, INTX, `${path}: ${getSystemErrorName(count)}`);
  }

  /** How many there were since it was read last, or an errno as a negative number. */
  #take(): number {
    const read = readOnce(this.#file.fd, this.#bytes);
    if (read === -EAGAIN) return 0;
    if (read !== this.#bytes.length) return read < 0 ? read : -EIO;
    const [total = 0] = this.#total;
    const count = (total - this.#last) >>> 0;
    this.#last = total;
    return count;
  }
}
