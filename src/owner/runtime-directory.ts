/** Where the owner of a machine keeps its socket, its journal and its records. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * /run/openslot for root; for others their own runtime directory, or their home's state directory: never a place where
 * somebody else could have made it before. OPENSLOT_RUNTIME_DIR names another one.
 */
export function runtimeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { OPENSLOT_RUNTIME_DIR: named, XDG_RUNTIME_DIR: own } = environment;
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/run/openslot';
  if (own !== undefined && own !== '') return join(own, 'openslot');
  return join(homeDirectory(), '.local/state/openslot');
}

/** A user that the system has no name of has no home: only root makes anything in the place of it. */
export function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

const FOLDER = 'sim:';

/** Paths of one machine's files. A simulated host on disk, `sim:DIR`, has its own inside its folder. */
export function machineFiles(
  machine: string,
  directory?: string,
): {
  readonly socket: string;
  readonly claims: string;
  /** Beginning of the names of what is recorded of each guest. */
  readonly guests: string;
  /** How automatic probing of the kernel's back ends was before it was stopped. */
  readonly probing: string;
  /** XenStore of an embedded Xen. */
  readonly store: string;
  /** Folder of what commands set in configuration space, and can undo. */
  readonly settings: string;
  /** Folder of changes that are under way. */
  readonly changes: string;
} {
  if (machine.startsWith(FOLDER)) return filesIn(machine.slice(FOLDER.length), 'sim');
  return filesIn(directory ?? runtimeDirectory(), machine);
}

function filesIn(directory: string, machine: string): ReturnType<typeof machineFiles> {
  return {
    socket: join(directory, `${machine}.sock`),
    claims: join(directory, `${machine}.claims.json`),
    guests: join(directory, machine),
    probing: join(directory, `${machine}.probing`),
    store: join(directory, `${machine}.xenstore.sock`),
    settings: join(directory, `${machine}.settings`),
    changes: join(directory, `${machine}.changes`),
  };
}
