/** The device files of a machine, mounted: which folders there are, who serves them, and their end. */
import type { Machine } from '../function/index.js';
import { unmountAt, UnmountFlag } from '../os/index.js';
import type { PciAddress } from '../pci/index.js';
import { FreeFunctions, registerFiles, type FileSource, type FolderChange } from './files/index.js';
import { FuseSession, mountAsRoot } from './fuse/index.js';

/** What every function's folder is made of. */
export const FILE_SOURCES: readonly FileSource[] = [registerFiles];

/** How often the machine is looked at for functions that came or went while nobody asked. */
const LOOK_MS = 1000;

export interface MountedFilesOptions {
  readonly machine: Machine;
  readonly directory: string;
  /** Only these functions. */
  readonly only?: readonly PciAddress[];
  /** Other users than the mounting one may open the files. */
  readonly allowOther?: boolean;
  readonly onChange?: (change: FolderChange) => void;
  readonly onFault: (error: unknown) => void;
}

export class MountedFiles implements Disposable {
  readonly directory: string;
  readonly functions: FreeFunctions;
  /** Settles when the mount is gone, by our hand or another's. */
  readonly ended: Promise<void>;
  readonly #session: FuseSession;
  readonly #look: NodeJS.Timeout;

  /** Mounts and serves from the call on. */
  constructor(options: MountedFilesOptions) {
    const { machine, directory, only, allowOther = false, onChange, onFault } = options;
    this.directory = directory;
    this.functions = new FreeFunctions({
      machine,
      sources: FILE_SOURCES,
      ...(only === undefined ? {} : { only }),
      ...(onChange === undefined ? {} : { onChange }),
    });
    this.functions.refresh();
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    const fd = mountAsRoot(directory, { uid, gid, allowOther });
    let tell: () => void = () => undefined;
    this.ended = new Promise((resolve) => (tell = resolve));
    this.#session = new FuseSession({
      fd,
      folders: this.functions,
      ownership: {
        uid,
        gid,
        fileMode: allowOther ? 0o666 : 0o600,
        folderMode: allowOther ? 0o555 : 0o500,
      },
      onEnd: tell,
      onFault,
    });
    this.#look = setInterval(() => {
      this.functions.refresh();
    }, LOOK_MS);
  }

  /** Unmounts, also under programs that have files open: their calls answer ENOTCONN from then on. */
  [Symbol.dispose](): void {
    clearInterval(this.#look);
    // The first aborts what is in flight and fails with EBUSY while a file is open; the second takes it out of the tree.
    unmountAt(this.directory, UnmountFlag.force);
    unmountAt(this.directory, UnmountFlag.detach);
    this.#session[Symbol.dispose]();
    this.functions.removeAll();
  }
}
