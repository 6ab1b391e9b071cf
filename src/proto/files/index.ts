/** The device files: what proto(4) calls resources, as files of a FUSE mount. */
export * from './device-file.js';
export * from './device-folder.js';
export * from './free-functions.js';
export * from './function-folder.js';
export * from './ioctl-numbers.js';
export { regionFileName, registerFiles } from './register-files.js';
