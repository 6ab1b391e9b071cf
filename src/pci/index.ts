/** The vocabulary of PCI, as data and pure functions; it does no I/O and knows no other room and no Node API. */
export { PciAddress } from './address.js';
export * from './bars.js';
export * from './capabilities.js';
export * from './capability-ids.js';
export * from './check-table.js';
export * from './classes.js';
export * from './decode.js';
export * from './errors.js';
export * from './field-values.js';
export * from './header.js';
export * as notations from './notations.js';
export type { Notation, RootBus } from './notations.js';
export { formatSpecTarget, parseXlSpec, type SpecDefaults, type SpecTarget, type XlSpec } from './xl-spec.js';
export type { PciNames } from './names/names.js';
export { deviceWords, subsystemWords } from './names/device-words.js';
export { MalformedIdsError, parseIdsText, type IdsHeading, type IdsText } from './names/ids-text.js';
export { IdsIndexError, IndexedNames, type AboutNames } from './names/indexed-names.js';
export { writeIndex } from './names/write-index.js';
export * from './present-registers.js';
export * from './nearest.js';
export * from './register-map.js';
export * from './registers.js';
export * from './devices/index.js';
export * from './tables/index.js';
export { visibleText } from './visible-text.js';
/** Builders for tables of one's own (a device's register map). */
export * as fields from './fields.js';
