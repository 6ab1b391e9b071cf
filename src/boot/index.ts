/**
 * What is written down for the start of a host or a guest: read with its places, as the real parser of each format reads
 * it. Knows the vocabulary only, and opens no file.
 */
export { configuredFunctions, type ConfiguredFunctions } from './xl-config-pci.js';
export * from './xl-config.js';
