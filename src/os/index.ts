/**
 * The few system calls that Node lacks: mmap, files of memory, ioctl, mounts, readiness of any file descriptor,
 * sockets that pass descriptors, children that end with us, signals to and memory of other processes, calls into C libraries.
 * The only room that knows koffi, which is loaded at the first call and not before. Knows no PCI and no Xen.
 */
export { usersOf, type FileUser } from './file-users.js';
export { LifeLine } from './bound-process.js';
export { sendDatagram } from './datagram.js';
export { receiveDescriptor, sendDescriptor } from './descriptors.js';
export { LibraryMissingError, NativeUnavailableError, SystemCallError } from './errors.js';
export { lastErrno, loadLibrary, systemLibrary, type NativeFunction, type NativeLibrary } from './library.js';
export { openEventCounter, takeEvents } from './event-counter.js';
export { ioctl, ioctlValue } from './ioctl.js';
export { mapFile, memoryAddress, PAGE_SIZE, viewMemory, type Mapping } from './mapping.js';
export { MemoryFile } from './memory-file.js';
export { readAt } from './positioned-read.js';
export { ProcessHandle, processOf, readProcessMemory, writeProcessMemory } from './process.js';
export { mountAt, MountFlag, unmountAt, UnmountFlag } from './mount.js';
export { seekToEnd } from './seek.js';
export { onReadable, waitReadable, yieldProcessor, type Readiness } from './readiness.js';
export { openSocketPair, type SocketPair } from './socket-pair.js';
export { readOnce, writeOnce } from './transfer.js';
