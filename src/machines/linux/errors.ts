/** Refusals of the machine `linux` itself. */
import { OpenslotError } from '../../pci/errors.js';

/** There is no PCI sysfs here. */
export class SysfsUnavailableError extends OpenslotError {
  readonly code = 'SYSFS_UNAVAILABLE';
  constructor(path: string, errno: string, options?: ErrorOptions) {
    super(
      `the kernel shows no PCI devices: ${path} cannot be read (${errno})`,
      { path, errno },
      'look at a saved dump; or: mount -t sysfs sysfs /sys',
      options,
    );
  }
}
