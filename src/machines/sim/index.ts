/**
 * The machine `sim`: a simulated root complex with bridges, an IOMMU, interrupts and device models on a virtual clock.
 * Knows `function` and `pci`; knows nothing of pools, guests or Xen.
 */
export { SimDrivers, type KeptBindings } from './sim-drivers.js';
export { openMachineFolder } from './folder/machine-folder.js';
export { SimMachine, type SimOptions } from './sim-machine.js';
export { ACCESS_NANOSECONDS, VirtualClock, type ClockMode } from './clock.js';
export { DEFAULT_MACHINE } from './default-machine.js';
export type {
  BridgeDescription,
  DeviceDescription,
  FunctionDescription,
  MachineDescription,
  RootDescription,
  SlotDescription,
  WindowDescription,
} from './description/description.js';
export { parseMachine } from './description/source.js';
export type { DeviceKind, DeviceModel, FunctionShape, ModelBus, RegionShape, Timer } from './device-model.js';
export { MachineDescriptionError, MachineMemoryError, MachineMessagesError } from './errors.js';
export type { ConfigWrite } from './device/endpoint.js';
export type { FileMemory, MemoryFile } from './host/memory-file.js';
export type { DeviceFault } from './device/faults.js';
export * from './models/index.js';
