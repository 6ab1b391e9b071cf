/**
 * Xen's PCI interface between a back end and a front end: page, operations, states and keys.
 * Pure: shared by both ends and the tool stack; knows domain ids, and no I/O.
 */
export * from './operation.js';
export * from './page-layout.js';
export * from './shared-page.js';
export * from './front-page.js';
export * from './aer-page.js';
export * from './recovery.js';
export * from './states.js';
export * from './keys.js';
