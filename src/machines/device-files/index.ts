/**
 * The machine `proto:DIR`: functions through the device files that another process, or FreeBSD's kernel, serves.
 * Knows `function`, `pci`, `os` and the binary interface of the files; knows nothing of who serves them.
 */
export { DeviceFilesMachine } from './device-files-machine.js';
export { DeviceFileError, DeviceFilesAbsentError, OwnMountError } from './errors.js';
