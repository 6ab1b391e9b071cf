/** The device models of the simulated machine: the kinds that a machine description can name, and their registers. */
import type { DeviceKind } from '../device-model.js';
import { edu } from './edu.js';
import { nvme } from './nvme/nvme.js';

export { edu, eduRegisters, type EduOptions } from './edu.js';
export { nvme } from './nvme/nvme.js';
export { nvmeRegisters } from './nvme/registers.js';
export { OptionReader, type GivenOptions } from './options.js';

/** Every kind by its name. A kind of one's own is added to a copy of it. */
export const DEVICE_KINDS: ReadonlyMap<string, DeviceKind> = new Map(
  [edu, nvme].map((kind) => [kind.name, kind as DeviceKind]),
);
