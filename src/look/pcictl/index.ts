/** The text of NetBSD's pcictl(8), from a machine's functions: pure, and told nothing of how they are reached. */
export { captureBus, type PcictlBus } from './bus.js';
export { dumpText } from './dump.js';
export { listText, type ListChoice } from './list.js';
export * from './arguments.js';
