/**
 * The few system calls that Node lacks: mmap, ioctl, readiness of any file descriptor, calls into C libraries.
 * The only room that knows koffi, which is loaded at the first call and not before. Knows no PCI and no Xen.
 */
export { sendDatagram } from './datagram.js';
export { LibraryMissingError, NativeUnavailableError, SystemCallError } from './errors.js';
export { lastErrno, loadLibrary, systemLibrary, type NativeFunction, type NativeLibrary } from './library.js';
export { ioctl } from './ioctl.js';
export { mapFile, PAGE_SIZE, viewMemory, type Mapping } from './mapping.js';
export { readAt } from './positioned-read.js';
export { onReadable, waitReadable, type Readiness } from './readiness.js';
