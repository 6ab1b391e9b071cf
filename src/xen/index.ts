/**
 * Xen as a back end or front end needs it: domains and the platform's interface. Its rooms below are the protocol
 * (`pciif`), the store (`store`), a real Xen (`native`) and the embedded one (`local`); this page knows only their types.
 */
export * from './domain.js';
export * from './errors.js';
export type * from './platform.js';
