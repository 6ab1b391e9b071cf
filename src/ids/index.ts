/**
 * Names of ids on this host: the index that the package has, and a newer one that a user or root has taken. It knows the
 * vocabulary alone; what a name is for is the business of who asks.
 */
export * from './index-files.js';
export * from './errors.js';
export * from './host-names.js';
export * from './update.js';
