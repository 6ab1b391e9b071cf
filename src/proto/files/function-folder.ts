/** A function's folder: its files, made by the sources that know of them. */
import { restoreDecoding, type PciFunction, type RegionInfo } from '../../function/index.js';
import { CommandBit, Header, notations, OpenslotError, type PciAddress } from '../../pci/index.js';
import type { DeviceFile } from './device-file.js';
import type { DeviceFolder } from './device-folder.js';
import { SharedDevice, type DeviceUse } from './shared-device.js';

export type FunctionUse = DeviceUse<PciFunction>;

/**
 * Makes some of a folder's files. `fn` is open for the duration of the call only: a file opens the function by
 * {@link FunctionFolder.use} when it is opened itself.
 */
export type FileSource = (folder: FunctionFolder, fn: PciFunction) => readonly DeviceFile[];

export class FunctionFolder extends SharedDevice<PciFunction> implements DeviceFolder {
  readonly address: PciAddress;
  readonly files: readonly DeviceFile[];
  /** Command before we switched decoding on, if we did: with the folder it decodes again what it did then. */
  #commandBefore: number | undefined;

  /** @param open opens the function; what it throws, this throws when the function cannot be looked at now. */
  constructor(address: PciAddress, open: () => PciFunction, sources: readonly FileSource[]) {
    super(notations.proto.format(address), open);
    this.address = address;
    using fn = open();
    this.files = sources.flatMap((source) => source(this, fn));
  }

  /** Switches the device's decoding on where a region of this kind would not be answered; as FreeBSD does, for good. */
  decode(fn: PciFunction, kind: RegionInfo['kind']): void {
    const bit = kind === 'io' ? CommandBit.io : CommandBit.memory;
    const command = fn.config.read(Header.command, 2);
    if ((command & bit) !== 0) return;
    fn.setEnabled(true);
    this.#commandBefore ??= command;
  }

  /** The orderly end: as {@link remove}, and the device decodes no more than before. */
  leave(): void {
    const before = this.isRemoved ? undefined : this.#commandBefore;
    this.remove();
    if (before === undefined) return;
    try {
      using fn = this.openDevice();
      restoreDecoding(fn, before);
    } catch (error) {
      // It has gone meanwhile, and decodes nothing.
      if (!(error instanceof OpenslotError)) throw error;
    }
  }
}
