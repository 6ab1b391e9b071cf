/** The device files of a machine, mounted: which folders there are, who serves them, and their end. */
import type { Machine } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import {
  FreeFunctions,
  FunctionInUseError,
  dmaFiles,
  interruptFiles,
  PlatformFolders,
  registerFiles,
  type DeviceFolders,
  type DmaFilesOptions,
  type FileSource,
  type FolderChange,
  type HeldFolder,
  type RegisterFilesOptions,
} from './files/index.js';
import { FuseMount, FuseSession, type OpenRefusal } from './fuse/index.js';

/** What every function's folder is made of. */
function fileSources(dma: DmaFilesOptions, registers: RegisterFilesOptions = {}): readonly FileSource[] {
  return [registerFiles(registers), dmaFiles(dma), interruptFiles];
}

/** How often the machine is looked at for functions that came or went while nobody asked. */
const LOOK_MS = 1000;

export interface MountedFilesOptions extends RegisterFilesOptions {
  readonly machine: Machine;
  readonly directory: string;
  /** Only these functions, once no driver has them. */
  readonly only?: readonly PciAddress[];
  /** Only these platform devices, by name; where absent, all of them unless functions are named. */
  readonly onlyPlatform?: readonly string[];
  /** Other users than the mounting one may open the files, of functions whose DMA is kept apart. */
  readonly allowOther?: boolean;
  /** Functions whose DMA is allowed where no IOMMU keeps it inside of the program's memory. */
  readonly unsafeDma?: readonly PciAddress[];
  /** {@link fileSources} where absent. */
  readonly sources?: readonly FileSource[];
  readonly onChange?: (change: FolderChange) => void;
  /** What was no refusal but a fault of the server; the caller got EIO. */
  readonly onFault: (error: unknown) => void;
  /** An open(2) that was refused: its program has the errno, and this has the reason. */
  readonly onRefusal?: (refusal: OpenRefusal) => void;
}

export class MountedFiles implements AsyncDisposable {
  readonly functions: FreeFunctions;
  /** Absent where the machine has none, where functions alone were named, and where other users may open the host's own. */
  readonly platform?: PlatformFolders;
  /** Settles when the mount is gone, by our hand or another's. */
  readonly ended: Promise<void>;
  readonly #mount: FuseMount;
  readonly #session: FuseSession;
  readonly #look: NodeJS.Timeout;
  #gone = false;

  private constructor(
    { functions, platform }: MountedFolders,
    mount: FuseMount,
    options: MountedFilesOptions,
  ) {
    const { allowOther = false, onFault, onRefusal } = options;
    this.functions = functions;
    if (platform !== undefined) this.platform = platform;
    this.#mount = mount;
    let tell: () => void = () => undefined;
    this.ended = new Promise((resolve) => (tell = resolve));
    this.#session = new FuseSession({
      fd: mount.fd,
      folders: platform === undefined ? functions : joined(functions, platform),
      ownership: {
        ...self(),
        fileMode: allowOther ? 0o666 : 0o600,
        folderMode: allowOther ? 0o555 : 0o500,
      },
      onEnd: () => {
        this.#gone = true;
        tell();
      },
      onFault,
      ...(onRefusal === undefined ? {} : { onRefusal }),
    });
    this.#look = setInterval(() => {
      try {
        functions.refresh();
        platform?.refresh();
      } catch (error) {
        onFault(error);
      }
    }, LOOK_MS);
  }

  /** Mounts, and serves from then on. @throws {MountDirectoryError | MountRefusedError} and what the machine's list refuses. */
  static async mount(options: MountedFilesOptions): Promise<MountedFiles> {
    const { machine, directory, allowOther = false, unsafeDma = [] } = options;
    const sources = options.sources ?? fileSources({ machine, unsafeDma }, options);
    const functions = new FreeFunctions({ ...options, sources, onlyIsolated: allowOther });
    functions.refresh();
    const platform = platformFolders(options);
    platform?.refresh();
    const mount = await FuseMount.make(directory, { ...self(), allowOther });
    return new MountedFiles({ functions, platform }, mount, options);
  }

  /** What there is: functions by address, behind them platform devices. */
  folders(): readonly HeldFolder[] {
    return [...this.functions.list(), ...(this.platform?.list() ?? [])];
  }

  /** Absolute, as the mount table has it. */
  get directory(): string {
    return this.#mount.directory;
  }

  /**
   * Takes a function's folder away in order, before it is given back to a driver. The next look shows it again while
   * it is free. @throws {FunctionInUseError} a program has one of the function's files open.
   */
  giveUp(address: PciAddress): void {
    const holders = this.functions.folderOf(address)?.holders ?? [];
    if (holders.length > 0) throw new FunctionInUseError(address, holders);
    this.functions.leave(address);
  }

  /** Unmounts, also under programs that have files open: their calls answer ENOTCONN from then on. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#look);
    await this.#mount.unmount(this.#gone);
    this.#session[Symbol.dispose]();
    this.functions.leaveAll();
    this.platform?.removeAll();
  }
}

interface MountedFolders {
  readonly functions: FreeFunctions;
  readonly platform: PlatformFolders | undefined;
}

function platformFolders(options: MountedFilesOptions): PlatformFolders | undefined {
  const { machine, only, allowOther = false, mapRegisters = false, onChange } = options;
  const named = options.onlyPlatform ?? (only === undefined ? undefined : []);
  const othersReachHost = allowOther && machine.capabilities.machineFrames;
  if (machine.platform === undefined || named?.length === 0 || othersReachHost) return undefined;
  return new PlatformFolders(machine.platform, {
    mapRegisters,
    ...(named === undefined ? {} : { only: named }),
    ...(onChange === undefined ? {} : { onChange }),
  });
}

function joined(first: DeviceFolders, second: DeviceFolders): DeviceFolders {
  return {
    list: () => [...first.list(), ...second.list()],
    find: (name) => first.find(name) ?? second.find(name),
  };
}

function self(): { readonly uid: number; readonly gid: number } {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
