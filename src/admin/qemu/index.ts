/**
 * The tool stack of QEMU: functions of the pool to virtual machines by their monitor, what each refusal means, and the
 * arguments where none runs.
 */
export { deviceArguments, deviceId, QEMU_MACHINES, type QemuMachineKind } from './device-arguments.js';
export * from './errors.js';
export { QemuAttachments, type QemuAttachOptions, type QemuAttachmentsOptions } from './qemu-attachments.js';
export { remarksOf, type QemuAttachment, type QemuAttachReport, type QemuDetachReport } from './reports.js';
export { refusalOf, type RefusedDevice } from './refusals.js';
export { VirtualMachine, type GuestPlaceOfDevice, type Removal } from './virtual-machine.js';
