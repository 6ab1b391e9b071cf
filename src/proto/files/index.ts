/** The device files: what proto(4) calls resources, as files of a FUSE mount. */
export { dmaFiles, type DmaFilesOptions } from './busdma-file.js';
export { BusdmaRequest, PROTO_IOC_BUSDMA, SyncOp } from '../abi/busdma-request.js';
export * from './device-file.js';
export * from './device-folder.js';
export * from './errors.js';
export * from './free-functions.js';
export * from './function-folder.js';
export * from '../abi/ioctl-numbers.js';
export { interruptFiles } from './interrupt-file.js';
export { PROTO_IOC_SIGNAL } from '../abi/interrupt-request.js';
export { PlatformFolders } from './platform-folders.js';
export { regionFileName, registerFiles, type RegisterFilesOptions } from './register-files.js';
export { SharedDevice, type DeviceUse, type Holder, type OpenedDevice } from './shared-device.js';
