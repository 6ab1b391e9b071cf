/**
 * Functions in the files that guests are started from: xl.cfg and libvirt's definitions. An edit is planned whole, judged by
 * the lint of its kind, and made as a step that replaces the file. Knows boot files and the engine of changes.
 */
export * from './errors.js';
export type { GuestFileEntry, GuestFileFormat } from './guest-file-format.js';
export { libvirtFile } from './libvirt-file.js';
export { planGuestFile, type GuestFilePlan, type GuestFileWish } from './plan-guest-file.js';
export { xlFile } from './xl-file.js';
