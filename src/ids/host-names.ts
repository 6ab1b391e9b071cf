/** The names that are in use on this host. */
import { readRegularFile } from '../durable/index.js';
import { messageOf } from '../pci/errors.js';
import { IndexedNames } from '../pci/names/indexed-names.js';
import type { PciNames } from '../pci/names/names.js';
import { indexFiles, type IndexFile } from './index-files.js';

/** Names, and where they are from; there are always names to ask, if only none. */
export interface HostNames {
  /** Knows nothing where no index could be read. */
  readonly names: PciNames;
  /** Undefined where no index could be read. */
  readonly index: { readonly file: IndexFile; readonly names: IndexedNames } | undefined;
  /** Indexes that came first and could not be read. */
  readonly unread: readonly { readonly path: string; readonly why: string }[];
}

const NO_NAMES: PciNames = {
  vendor: () => undefined,
  device: () => undefined,
  subsystem: () => undefined,
  baseClass: () => undefined,
  subclass: () => undefined,
  programmingInterface: () => undefined,
};

/**
 * Reads the first index that is there and sound: this user's, root's, the package's. Looking at a machine never fails for
 * want of a name, so one that cannot be read is passed over and told.
 */
export function hostNames(environment?: NodeJS.ProcessEnv): HostNames {
  const unread: { path: string; why: string }[] = [];
  for (const file of indexFiles(environment)) {
    try {
      const names = new IndexedNames(readRegularFile(file.path));
      return { names, index: { file, names }, unread };
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!absent || file.owner === 'package') unread.push({ path: file.path, why: messageOf(error) });
    }
  }
  return { names: NO_NAMES, index: undefined, unread };
}
