/** A function's device file of UIO: its pin's interrupts, counted; and the kernel's promise to end DMA with it. */
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import {
  changeCommand,
  InterruptSources,
  type InterruptCounter,
  type Interrupts,
  type InterruptSwitch,
} from '../../../function/index.js';
import { CommandBit, Header, type PciAddress } from '../../../pci/index.js';
import { FileCounter } from '../file-counter.js';
import { LinuxConfig } from '../linux-config.js';
import { errnoOf, type Sysfs } from '../sysfs.js';
import { UioUnavailableError } from './errors.js';

/**
 * uio_pci_generic masks the pin at each interrupt by the function's own switch, and switches bus mastering off when
 * any of its files is closed (linux/drivers/uio/uio_pci_generic.c): so there is one for the whole process.
 */
export class UioDevice implements InterruptSwitch {
  readonly available: Interrupts['available'];
  readonly interrupts: InterruptSources;
  readonly #name: string;
  readonly #fd: number;
  readonly #config: LinuxConfig;
  /** The kernel's count, which begins with the driver, as it was read last. */
  #total: number;

  /** @throws {UioUnavailableError} */
  constructor(address: PciAddress, sysfs: Sysfs) {
    const folder = sysfs.device(address, 'uio');
    const node = nodeName(address, folder);
    this.#name = `/dev/${node}`;
    this.#config = new LinuxConfig(sysfs.device(address, 'config'));
    try {
      // From here on, so that the number below and what the file counts from are the same.
      this.#mask();
      this.#fd = openSync(this.#name, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (cause) {
      this.#config.close();
      throw new UioUnavailableError(address, this.#name, errnoOf(cause), { cause });
    }
    this.#total = Number(readFileSync(`${folder}/${node}/event`, 'latin1'));
    this.available = { intx: this.#config.read(Header.interruptPin, 1) === 0 ? 0 : 1, msi: 0, msix: 0 };
    this.interrupts = new InterruptSources(address, this);
  }

  on(): InterruptCounter {
    const counter = new FileCounter({
      fd: this.#fd,
      name: this.#name,
      read: () => this.#read(),
      acknowledge: () => {
        this.#unmask();
      },
      // The file is of the function and not of the stream.
      close: () => undefined,
    });
    // What came while nobody listened is nobody's.
    counter.take();
    this.#unmask();
    return counter;
  }

  off(): void {
    this.#mask();
  }

  /** Four bytes: how many there were since the driver came. @throws errno errors. */
  #read(): number {
    const bytes = Buffer.alloc(4);
    readSync(this.#fd, bytes, 0, 4, null);
    const total = bytes.readUInt32LE(0);
    const count = (total - this.#total) >>> 0;
    this.#total = total;
    return count;
  }

  #mask(): void {
    changeCommand(this.#config, CommandBit.intxDisable);
  }

  #unmask(): void {
    changeCommand(this.#config, 0, CommandBit.intxDisable);
  }

  close(): void {
    this.#mask();
    closeSync(this.#fd);
    this.#config.close();
  }
}

function nodeName(address: PciAddress, folder: string): string {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new UioUnavailableError(address, folder, errnoOf(cause), { cause });
  }
  const [name] = names;
  if (name === undefined) throw new UioUnavailableError(address, folder, 'ENOENT');
  return name;
}
