/** Every check, in the order in which they are told. */
import { LAYERS, type Check } from '../check.js';
import { commandLineChecks } from './command-line.js';
import { deviceFileChecks } from './device-files.js';
import { firmwareChecks } from './firmware.js';
import { functionChecks } from './function.js';
import { fuseChecks } from './fuse.js';
import { iommuChecks } from './iommu.js';
import { kernelChecks } from './kernel.js';
import { leftoverChecks } from './leftovers.js';
import { limitChecks } from './limits.js';
import { moduleChecks } from './modules.js';
import { xenChecks } from './xen.js';

/** A new one is an entry of a file here, a row in docs/doctor.md, and a made host that shows each of its codes. */
export const CHECKS: readonly Check[] = [
  ...firmwareChecks,
  ...commandLineChecks,
  ...moduleChecks,
  ...iommuChecks,
  ...functionChecks,
  ...kernelChecks,
  ...limitChecks,
  ...deviceFileChecks,
  ...fuseChecks,
  ...xenChecks,
  ...leftoverChecks,
].sort((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer));
