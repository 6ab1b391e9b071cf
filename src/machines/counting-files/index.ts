/**
 * Interrupts that files count, for the machines whose interrupts come that way: event counters, UIO, device files.
 * Knows `function` and `os`.
 */
export { FileCounter, type CountingFile } from './file-counter.js';
