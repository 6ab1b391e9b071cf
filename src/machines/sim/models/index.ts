/** The device models of the simulated machine: the kinds that a machine description can name, and their registers. */
import type { DeviceKind } from '../device-model.js';
import { edu } from './edu.js';

export { edu, eduRegisters, type EduOptions } from './edu.js';
export { OptionReader, type GivenOptions } from './options.js';

/** Every kind by its name. A kind of one's own is added to a copy of it. */
export const DEVICE_KINDS: ReadonlyMap<string, DeviceKind> = new Map(
  [edu].map((kind) => [kind.name, kind as DeviceKind]),
);
