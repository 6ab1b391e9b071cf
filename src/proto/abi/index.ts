/**
 * The binary interface of the device files, as data: numbers and layouts of ioctls, for the files and for who opens
 * them. Knows nobody.
 */
export * from './busdma-call.js';
export * from './busdma-request.js';
export * from './interrupt-request.js';
export * from './ioctl-numbers.js';
