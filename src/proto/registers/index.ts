/** Registers by name: maps in TypeScript or JSON, typed access, what a write keeps, and how registers are named and shown. */
export * from './errors.js';
export { parseRegisterMap, registerMapForm } from './map-form.js';
export { MappedRegister } from './mapped-register.js';
export type * from './register-types.js';
export { configRegisters, MappedArray, registersOf } from './registers.js';
export { bitLadder, fieldLadder } from './bit-ladder.js';
export { RegisterShape, type ComposedWrite, type RawField } from './register-shape.js';
export { ConfigurationNames } from './configuration-names.js';
export * from './register-selector.js';
export type { SelectedRegister } from './selected-register.js';
