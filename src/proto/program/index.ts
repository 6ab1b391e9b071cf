/**
 * The program's view: a function of any machine opened for a program that drives it, its registers by name, and its
 * release however the program ends. Knows the port and the vocabulary, and no machine.
 */
export * from '../registers/index.js';
export * from './errors.js';
export { driverInUse, type DriverKnowledge } from './function-user.js';
export { openFunction, ProgramFunction, type OpenOptions } from './open-function.js';
export type { ProgramInterrupts } from './program-interrupts.js';
