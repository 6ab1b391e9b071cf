/** Register maps of devices: what programs, commands and device models read their registers by. */
import type { RegisterMap } from '../register-map.js';
import { clearingRegisters } from './clearing.js';
import { eduRegisters } from './edu.js';
import { nvmeRegisters } from './nvme.js';
import { pcnetRegisters } from './pcnet.js';
import { testdevRegisters } from './testdev.js';

export { clearingRegisters, eduRegisters, nvmeRegisters, pcnetRegisters, testdevRegisters };

/** Every map that comes with openslot. */
export const knownMaps: readonly RegisterMap[] = [
  eduRegisters,
  nvmeRegisters,
  pcnetRegisters,
  testdevRegisters,
  clearingRegisters,
];
