/** A function of this host in a program's hands: its device file, for all views that the program has of it. */
import { closeSync } from 'node:fs';
import { ConfigAccessError, InterruptSources } from '../../../function/index.js';
import { CommandBit, Header, type PciAddress } from '../../../pci/index.js';
import { ConfigFile } from '../config-file.js';
import { VfioDevice } from './device.js';
import { VfioUnavailableError } from './errors.js';
import type { VfioPath } from './path.js';
import { CONFIG_REGION, type RegionDescription } from './requests.js';
import type { GroupIovas } from './vfio-dma.js';
import { VfioInterrupts } from './vfio-interrupts.js';

export class DrivenFunction {
  readonly address: PciAddress;
  readonly device: VfioDevice;
  readonly config: ConfigFile;
  readonly interrupts: InterruptSources;
  /** Shared with the other functions of its group. */
  readonly iovas: () => GroupIovas;
  /** Bytes of configuration space. */
  readonly configSize: number;
  /**
   * Memory is decoded: without that the kernel takes mappings of it away, and the next access to one would end the
   * process.
   */
  decodesMemory: boolean;

  constructor(address: PciAddress, path: VfioPath, iovas: () => GroupIovas) {
    this.address = address;
    this.iovas = iovas;
    const fd = path.openDevice(address);
    try {
      this.device = new VfioDevice(fd, `VFIO of ${address}`);
      const config = this.device.region(CONFIG_REGION);
      if (config === undefined)
        throw new VfioUnavailableError(address, 'it has no configuration space', 'dmesg | tail');
      this.configSize = config.size;
      this.config = new ConfigFile(fd, config.offset);
      this.decodesMemory = this.#readDecoding();
      const interrupts = new VfioInterrupts(address, this.device, () => {
        this.#changeCommand(CommandBit.intxDisable);
      });
      this.interrupts = new InterruptSources(address, interrupts);
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  /** To be called after every write that can have changed Command. */
  followCommand(): void {
    this.decodesMemory = this.#readDecoding();
  }

  #readDecoding(): boolean {
    return (this.config.read(Header.command, 2) & CommandBit.memory) !== 0;
  }

  region(index: number): RegionDescription | undefined {
    return this.device.region(index);
  }

  /** To be called before memory goes away that it reaches. */
  endDma(): void {
    try {
      this.#changeCommand(CommandBit.busMaster);
    } catch (cause) {
      // A device that has gone reaches nothing, and a close is no place to say so.
      if (!(cause instanceof ConfigAccessError)) throw cause;
    }
  }

  #changeCommand(cleared: number): void {
    const command = this.config.read(Header.command, 2);
    if ((command & cleared) !== 0) this.config.write(Header.command, 2, command & ~cleared);
  }

  close(): void {
    this.device.close();
  }
}
