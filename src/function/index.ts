/**
 * The port that every machine implements and every face drives: resources, functions, hosts, host drivers; and what
 * is made over the port alone: configuration images, saved state, the compliance suite. Knows `pci` only, no I/O.
 */
export * from './bar-emulation.js';
export * from './bar-sizing.js';
export * from './capture.js';
export * from './checked-region.js';
export * from './command.js';
export * from './config-access.js';
export * from './config-image.js';
export * from './dma-placement.js';
export * from './error-handlers.js';
export * from './error-reports.js';
export * from './errors.js';
export * from './function.js';
export * from './host.js';
export * from './host-drivers.js';
export * from './host-facts.js';
export type { HostUse, HostUseKind } from './host-uses.js';
export * from './interrupt-sources.js';
export * from './interrupt-stream.js';
export * from './machine.js';
export * from './memory-registers.js';
export * from './neighbours.js';
export * from './platform.js';
export * from './product-data.js';
export * from './read-vpd.js';
export { RecordedMachine, type Entry as RecordingEntry, type RecordingSink } from './recording/index.js';
export * from './region-access.js';
export * from './saved-state.js';
export * from './survey.js';
export * from './take-capture.js';
export * from './wire.js';
