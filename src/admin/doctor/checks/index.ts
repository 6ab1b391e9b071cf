/** Every check, in the order in which they are told. */
import { LAYERS, type Check } from '../check.js';
import { commandLineChecks } from './command-line.js';
import { firmwareChecks } from './firmware.js';
import { iommuChecks } from './iommu.js';

/** A new one is an entry of a file here, a row in docs/doctor.md, and a made host that shows each of its codes. */
export const CHECKS: readonly Check[] = [...firmwareChecks, ...commandLineChecks, ...iommuChecks].sort(
  (a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer),
);
