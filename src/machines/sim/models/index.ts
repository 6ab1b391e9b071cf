/** The device models of the simulated machine: the kinds that a machine description can name, and their registers. */
import type { DeviceKind } from '../device-model.js';
import { clearing } from './clearing.js';
import { edu } from './edu.js';
import { multi } from './multi/multi.js';
import { nvme } from './nvme/nvme.js';
import { pcnet } from './pcnet/pcnet.js';
import { testdev } from './testdev.js';
import { vectors } from './vectors.js';

export { clearing } from './clearing.js';
export { edu, type EduOptions } from './edu.js';
export { copierRegisters } from './multi/copier.js';
export { gpioRegisters } from './multi/gpio.js';
export { multi } from './multi/multi.js';
export { timerRegisters } from './multi/timer.js';
export { nvme, type NvmeOptions } from './nvme/nvme.js';
export { OptionReader, noOptions, type GivenOptions } from './options.js';
export { pcnet, type PcnetOptions } from './pcnet/pcnet.js';
export { testdev } from './testdev.js';
export { vectors, vectorsRegisters, type VectorsOptions } from './vectors.js';

/** Every kind by its name. A kind of one's own is added to a copy of it. */
export const DEVICE_KINDS: ReadonlyMap<string, DeviceKind> = new Map(
  [edu, nvme, pcnet, testdev, multi, clearing, vectors].map((kind) => [kind.name, kind]),
);
