/**
 * What was saved of a machine: dumps of lspci, and later looked at as the machine itself. Knows `function` and `pci`;
 * knows no other machine.
 */
export * from './dump.js';
export * from './errors.js';
