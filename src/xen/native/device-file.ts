/** The device files of Xen: opening them with errors that say which module or right is missing, and their errno. */
import { openSync } from 'node:fs';
import { SystemCallError } from '../../os/index.js';
import { XenPermissionError } from './errors.js';

/** @throws {XenPermissionError} */
export function openDevice(path: string, module: string, flags: 'r+' | number = 'r+'): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    throw new XenPermissionError(path, errnoOf(cause), module, { cause });
  }
}

/** Name of the errno of a failed call, Node's or ours. */
export function errnoOf(cause: unknown): string {
  if (cause instanceof SystemCallError) return cause.errno;
  return (cause as NodeJS.ErrnoException).code ?? 'unknown';
}
