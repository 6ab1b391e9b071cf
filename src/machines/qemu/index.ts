/**
 * The machine `qemu`: QEMU's device models as functions, over its qtest protocol, with a processor that rests.
 * Knows `machines/firmware`, `qmp`, `function`, `pci` and `os`.
 */
export { qemuCommand, QemuMachine, type QemuMachineOptions } from './qemu-machine.js';
export type { Monitor } from './monitor.js';
export {
  QemuArgumentError,
  QemuCommandError,
  QemuEndedError,
  QemuMissingError,
  QemuResourcesError,
} from './errors.js';
