/** Programs that drive functions: the device files of proto(4), served through FUSE. Knows the port and `os`, no machine. */
export * from './files/index.js';
export {
  MountBusyError,
  MountDirectoryError,
  MountRefusedError,
  NotMountedError,
  type OpenRefusal,
  unmountDeviceFiles,
  UnmountRefusedError,
} from './fuse/index.js';
export * from './mounted-files.js';
