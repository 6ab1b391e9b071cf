/** FUSE's kernel protocol, spoken without a library: the session that serves device files, and how it is mounted. */
export { FuseVersionError } from './negotiation.js';
export type { Ownership } from './folder-calls.js';
export { FuseSession, type SessionOptions } from './session.js';
export { mountAsRoot, type MountOptions } from './mount.js';
