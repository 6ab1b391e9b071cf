/** A function's device file of UIO: its pin's interrupts, counted; and the kernel's promise to end DMA with it. */
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import {
  changeCommand,
  ConfigAccessError,
  InterruptSources,
  type InterruptCounter,
  type Interrupts,
  type InterruptSwitch,
} from '../../../function/index.js';
import { CommandBit, type PciAddress } from '../../../pci/index.js';
import { LinuxConfig } from '../linux-config.js';
import { errnoOf, type Sysfs } from '../sysfs.js';
import { UioUnavailableError } from './errors.js';
import { UioEvents } from './uio-events.js';

/**
 * uio_pci_generic masks the pin at each interrupt by the function's own switch, and switches bus mastering off when
 * any of its files is closed (linux/drivers/uio/uio_pci_generic.c): so there is one for the whole process.
 */
export class UioDevice implements InterruptSwitch {
  readonly available: Interrupts['available'];
  readonly interrupts: InterruptSources;
  readonly #fd: number;
  readonly #config: LinuxConfig;
  readonly #events: UioEvents;

  /** @throws {UioUnavailableError} */
  constructor(address: PciAddress, sysfs: Sysfs) {
    const folder = sysfs.device(address, 'uio');
    const node = nodeName(address, folder);
    const path = `/dev/${node}`;
    this.#config = new LinuxConfig(sysfs.device(address, 'config'));
    let fd: number | undefined;
    try {
      // From here on, so that the number below and what the file counts from are the same.
      changeCommand(this.#config, CommandBit.intxDisable);
      this.#fd = fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const count = Number(readFileSync(`${folder}/${node}/event`, 'latin1'));
      this.#events = new UioEvents({ fd, path, count, device: address });
    } catch (cause) {
      if (fd !== undefined) closeSync(fd);
      this.#config.close();
      throw new UioUnavailableError(address, path, errnoOf(cause), { cause });
    }
    this.available = { intx: this.#events.present ? 1 : 0, msi: 0, msix: 0 };
    this.interrupts = new InterruptSources(address, this);
  }

  on(): InterruptCounter {
    return this.#events.counter(() => {
      this.#change(0, CommandBit.intxDisable);
    });
  }

  off(): void {
    this.#change(CommandBit.intxDisable);
  }

  #change(set: number, cleared = 0): void {
    try {
      changeCommand(this.#config, set, cleared);
    } catch (cause) {
      // A device that has gone has no interrupts either: its file says so.
      if (!(cause instanceof ConfigAccessError)) throw cause;
    }
  }

  close(): void {
    this.off();
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
