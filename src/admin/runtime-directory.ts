/** Where the owner of a machine keeps its socket and its journal. */
import { join } from 'node:path';

/** /run/openslot for root, the user's own runtime directory for others; OPENSLOT_RUNTIME_DIR names another one. */
export function runtimeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { OPENSLOT_RUNTIME_DIR: named, XDG_RUNTIME_DIR: own } = environment;
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/run/openslot';
  return join(own !== undefined && own !== '' ? own : `/tmp/openslot-${process.getuid?.() ?? 0}`, 'openslot');
}

/** Paths of one machine's files. */
export function machineFiles(
  machine: string,
  directory = runtimeDirectory(),
): { socket: string; claims: string } {
  return { socket: join(directory, `${machine}.sock`), claims: join(directory, `${machine}.claims.json`) };
}
