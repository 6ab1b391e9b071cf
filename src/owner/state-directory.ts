/** Where openslot keeps what outlives the host's boot: names, policies, and changes of files. */
import { join } from 'node:path';
import { homeDirectory } from './runtime-directory.js';

/**
 * /var/lib/openslot for root; for others their own state directory. OPENSLOT_STATE_DIR names another one. What ends with
 * the boot is in the runtime directory.
 */
export function stateDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { OPENSLOT_STATE_DIR: named, XDG_STATE_HOME: own } = environment;
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/var/lib/openslot';
  if (own !== undefined && own !== '') return join(own, 'openslot');
  return join(homeDirectory(), '.local/state/openslot');
}

/** Paths of what is kept there. */
export function stateFiles(directory = stateDirectory()): {
  /** Folder of the names that functions were given, a folder for each machine. */
  readonly names: string;
  /** Folder of what guests may write, a file for each device. */
  readonly policies: string;
  /** Folder of changes of files that the boot reads. */
  readonly changes: string;
  /** What was hidden, to be looked for after the boot. */
  readonly hidden: string;
} {
  return {
    names: join(directory, 'names'),
    policies: join(directory, 'policies'),
    changes: join(directory, 'changes'),
    hidden: join(directory, 'hidden.json'),
  };
}
