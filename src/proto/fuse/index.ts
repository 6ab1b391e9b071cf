/** FUSE's kernel protocol, spoken without a library: the session that serves device files, and how it is mounted. */
export * from './errors.js';
export type { OpenRefusal } from './file-calls.js';
export type { Ownership } from './folder-calls.js';
export { FuseMount, unmountDeviceFiles, type MountOptions } from './mount.js';
export { FuseVersionError } from './negotiation.js';
export { FuseSession, type SessionOptions } from './session.js';
