/**
 * What a running Linux does with its functions: read from files below given roots, without touching a device or waiting
 * for anybody. Knows the files alone; what follows from a use is not judged here.
 */
export { RUNNING_HOST, type HostRoots } from './host-files.js';
export { HostUses } from './host-uses.js';
