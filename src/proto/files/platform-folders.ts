/** The platform devices of a machine as folders: `isa:0x3f8/00.io`, a file for each range by its number, and `intx`. */
import type { PlatformDevice, PlatformDevices, RegionInfo } from '../../function/index.js';
import type { DeviceFile } from './device-file.js';
import type { DeviceFolder, DeviceFolders, FolderChange } from './device-folder.js';
import { InterruptFile } from './interrupt-file.js';
import { OpenedFolders } from './opened-folders.js';
import { RegionRegisters } from './region-registers.js';
import { RegisterFile } from './register-file.js';
import type { RegisterFilesOptions } from './register-files.js';
import { SharedDevice } from './shared-device.js';

class PlatformFolder extends SharedDevice<PlatformDevice> implements DeviceFolder {
  readonly files: readonly DeviceFile[];

  constructor(name: string, open: () => PlatformDevice, { mapRegisters = false }: RegisterFilesOptions) {
    super(name, open);
    using device = open();
    const interrupts = device.interrupts?.available.intx ?? 0;
    this.files = [
      ...device.regions.map((info) => this.#regionFile(info, mapRegisters)),
      ...(interrupts > 0 ? [new InterruptFile(this, { kind: 'intx' })] : []),
    ];
  }

  #regionFile(
    { index, kind, size, address }: RegionInfo,
    mapRegisters: boolean,
  ): RegisterFile<PlatformDevice> {
    const number = index.toString(16).padStart(2, '0');
    return new RegisterFile(this, {
      name: `${number}.${kind === 'io' ? 'io' : 'mem'}`,
      size,
      address,
      ...(kind === 'io' ? { noQuad: 'EIO' as const } : {}),
      open: ({ device }) => new RegionRegisters(device, index, mapRegisters),
    });
  }
}

export interface PlatformFoldersOptions extends RegisterFilesOptions {
  /** Only these, by name; absent: every device. */
  readonly only?: readonly string[];
  readonly onChange?: (change: FolderChange) => void;
}

export class PlatformFolders implements DeviceFolders {
  readonly #platform: PlatformDevices;
  readonly #options: PlatformFoldersOptions;
  readonly #folders: OpenedFolders<PlatformFolder>;

  constructor(platform: PlatformDevices, options: PlatformFoldersOptions = {}) {
    this.#platform = platform;
    this.#options = options;
    this.#folders = new OpenedFolders(options.onChange);
  }

  /** In the machine's order. */
  list(): readonly PlatformFolder[] {
    this.refresh();
    return this.#platform.list().flatMap(({ name }) => this.#folders.get(name) ?? []);
  }

  find(name: string): DeviceFolder | undefined {
    if (!name.startsWith('isa:')) return undefined;
    this.refresh();
    return this.#folders.get(name);
  }

  /** New folders for what is there, an end for what is gone. */
  refresh(): void {
    const { only } = this.#options;
    const names = this.#platform.list().map(({ name }) => name);
    const there = new Set(only === undefined ? names : names.filter((name) => only.includes(name)));
    for (const name of there)
      if (!this.#folders.has(name))
        this.#folders.open(
          name,
          () => new PlatformFolder(name, () => this.#platform.open(name), this.#options),
        );
    this.#folders.tryOnly((name) => there.has(name));
    for (const folder of this.#folders.list())
      if (!there.has(folder.name)) this.#folders.remove(folder, 'it is gone');
  }

  removeAll(): void {
    for (const folder of this.#folders.takeAll()) folder.remove();
  }
}
