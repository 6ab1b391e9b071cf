/** A device's folder, and the set of them that a mount shows. */
import type { DeviceFile } from './device-file.js';
import type { Holder } from './shared-device.js';

/** `pci0:1:2:0` with its files, in the order that they are listed in. */
export interface DeviceFolder {
  readonly name: string;
  readonly files: readonly DeviceFile[];
}

/** One whose files are open, or not, in other processes. */
export interface HeldFolder extends DeviceFolder {
  readonly holders: readonly Holder[];
}

export type FolderChange =
  | { readonly change: 'appeared'; readonly name: string; readonly folder: HeldFolder }
  | { readonly change: 'removed'; readonly name: string; readonly why: string }
  /** Free, and it cannot be opened; told once, and tried again at each look. */
  | { readonly change: 'unavailable'; readonly name: string; readonly why: string };

/** The folders there are at this moment; a mount asks at each look, so that nothing old is shown. */
export interface DeviceFolders {
  list(): readonly DeviceFolder[];
  find(name: string): DeviceFolder | undefined;
}
