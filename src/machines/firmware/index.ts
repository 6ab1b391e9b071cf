/**
 * What firmware does to a tree of buses before software gets it: bus numbers, windows of bridges, addresses of BARs.
 * For machines without firmware of their own. Knows `function` and `pci`.
 */
export { assignAddresses } from './addresses.js';
export { assignBusNumbers } from './bus-numbers.js';
export type {
  AddressKind,
  ConfigRegisters,
  HostWindows,
  PartPath,
  Planned,
  PlannedBridge,
  PlannedFunction,
  PlannedRoot,
  Refuse,
  Window,
} from './plan.js';
