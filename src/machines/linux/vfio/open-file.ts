/** Opens a file that leads to VFIO, with its refusals told apart. */
import { openSync } from 'node:fs';
import type { PciAddress } from '../../../pci/index.js';
import { errnoOf } from '../sysfs.js';
import { VfioBusyError, VfioPermissionError, VfioUnavailableError } from './errors.js';

/** @throws {VfioPermissionError | VfioBusyError | VfioUnavailableError} */
export function openVfioFile(address: PciAddress, path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'EACCES' || errno === 'EPERM') throw new VfioPermissionError(path, errno, { cause });
    if (errno === 'EBUSY') throw new VfioBusyError(address, path, { cause });
    throw new VfioUnavailableError(address, `${path}: ${errno}`, 'modprobe vfio-pci; ls -l /dev/vfio', {
      cause,
    });
  }
}
