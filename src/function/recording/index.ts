/** Recording as a wrapper of the port: everything that a program asks of a machine, with the answers, in their order. */
export * from './entry.js';
export { changedExtents, crc32, type Extent } from './extents.js';
export { RecordedMachine } from './recorded-machine.js';
export type { RecordingSink } from './recorder.js';
export { ProgramMemory } from './watched-buffer.js';
