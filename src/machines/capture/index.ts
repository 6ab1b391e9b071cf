/**
 * What was saved of a machine: captures of ours and dumps of lspci, read and written, and the machine `capture:FILE`
 * that answers from one. Knows `function` and `pci`; knows no other machine.
 */
export { formatCapture, parseCapture } from './capture-file.js';
export { CaptureMachine } from './capture-machine.js';
export * from './dump.js';
export * from './errors.js';
export { readCapture } from './read-file.js';
export { redactCapture, type Redaction } from './redaction.js';
export { CAPTURE_FORMAT, CAPTURE_VERSION, captureJsonSchema } from './schema.js';
export { writeWhole } from './write-whole.js';
