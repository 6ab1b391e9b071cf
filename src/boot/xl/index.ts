/** xl.cfg: read and linted as xl reads it, edited without touching the rest. Knows the vocabulary of PCI, and does no I/O. */
export { configuredFunctions, type ConfiguredFunctions } from './xl-config-pci.js';
export * from './xl-config.js';
export { readSpecAsXl, type SpecAsRead, type XlSpecReading } from './xl-spec-reading.js';
export { readRdmAsXl, type RdmReading } from './xl-rdm-reading.js';
export { addPciEntry, pciEntries, removePciEntries, setPciDefault } from './xl-edit.js';
export { xlConfigFile } from './xl-lint.js';
export { XL_RULES } from './xl-rules.js';
