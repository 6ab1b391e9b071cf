/** A device's folder, and the set of them that a mount shows. */
import type { DeviceFile } from './device-file.js';

/** `pci0:1:2:0` with its files, in the order that they are listed in. */
export interface DeviceFolder {
  readonly name: string;
  readonly files: readonly DeviceFile[];
}

/** The folders there are at this moment; a mount asks at each look, so that nothing old is shown. */
export interface DeviceFolders {
  list(): readonly DeviceFolder[];
  find(name: string): DeviceFolder | undefined;
}
