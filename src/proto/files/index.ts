/** The device files: what proto(4) calls resources, as files of a FUSE mount. */
export * from './device-file.js';
