/**
 * The machine `linux`: this host's functions through sysfs.
 * Knows `function`, `pci` and `os`; knows nothing of pools, guests or Xen.
 */
export { LinuxMachine } from './linux-machine.js';
export { LinuxFunction } from './linux-function.js';
export { SysfsDrivers } from './sysfs-drivers.js';
export { SysfsUnavailableError } from './errors.js';
