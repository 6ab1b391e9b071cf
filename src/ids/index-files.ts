/** Where indexes of pci.ids are. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Made from the package's pci.ids when the package is made. */
export const PACKAGE_INDEX = fileURLToPath(new URL('../ids/pci.ids.index', import.meta.url));

/** Of root, for everybody. */
const SYSTEM_DIRECTORY = '/var/lib/openslot';

/**
 * Where this user's own index is, or will be: /var/lib/openslot for root; for others the folder of their data.
 * OPENSLOT_DATA_DIR names another one.
 */
export function dataDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { OPENSLOT_DATA_DIR: named, XDG_DATA_HOME: own, HOME: home } = environment;
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return SYSTEM_DIRECTORY;
  // By the specification of these folders a path that is not absolute is as good as none.
  if (own?.startsWith('/')) return join(own, 'openslot');
  return join(home?.startsWith('/') ? home : homeOf(), '.local/share/openslot');
}

/** A user that the system has no name of has no home: only root makes anything in the place of it. */
function homeOf(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** Where `openslot ids update` of this user writes. */
export function ownIndex(environment?: NodeJS.ProcessEnv): string {
  return join(dataDirectory(environment), 'pci.ids.index');
}

/** What an update replaced. */
export function formerIndex(environment?: NodeJS.ProcessEnv): string {
  return `${ownIndex(environment)}.former`;
}

/** Whose an index is. */
export type IndexOwner = 'user' | 'system' | 'package';

export interface IndexFile {
  readonly owner: IndexOwner;
  readonly path: string;
}

/** In the order in which they are looked for: the first that is there has the names. */
export function indexFiles(environment?: NodeJS.ProcessEnv): readonly IndexFile[] {
  const own = ownIndex(environment);
  const system = join(SYSTEM_DIRECTORY, 'pci.ids.index');
  return [
    ...(own === system ? [] : [{ owner: 'user' as const, path: own }]),
    { owner: 'system', path: system },
    { owner: 'package', path: PACKAGE_INDEX },
  ];
}
