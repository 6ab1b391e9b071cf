/** Opening the device files of Xen, with errors that say which module or right is missing. */
import { openSync } from 'node:fs';
import { XenPermissionError } from './errors.js';

/** @throws {XenPermissionError} */
export function openDevice(path: string, module: string, flags: 'r+' | number = 'r+'): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new XenPermissionError(path, errno, module, { cause });
  }
}
