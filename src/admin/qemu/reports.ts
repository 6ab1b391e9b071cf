/** What was done with functions and a virtual machine, as it is printed and sent. */
import { messageOf, type PciAddress } from '../../pci/index.js';
import type { ReturnReport } from '../../pool/index.js';
import type { GuestPlaceOfDevice } from './virtual-machine.js';

export interface QemuAttachment {
  readonly address: PciAddress;
  /** Of the device in QEMU. */
  readonly id: string;
  readonly bus: string | undefined;
  /** Absent while the guest has not looked there. */
  readonly place?: GuestPlaceOfDevice;
  /** It was there already. */
  readonly before: boolean;
}

export interface QemuAttachReport {
  /** `qmp:SOCKET`, by its whole path: who the functions are given to in the pool. */
  readonly taker: string;
  /** Of QEMU. */
  readonly version: string;
  readonly functions: readonly QemuAttachment[];
}

export interface QemuDetachReport {
  readonly taker: string;
  /** False where QEMU had ended. */
  readonly asked: boolean;
  readonly functions: readonly ReturnReport[];
}

/** How each came back, in words; what did not go well only. */
export function remarksOf({ functions }: QemuDetachReport): readonly string[] {
  return functions.flatMap(({ address, reset, quarantined, unsettled }) => [
    ...('failed' in reset ? [`${address} was not reset: ${reset.failed}`] : []),
    ...(quarantined === undefined ? [] : [`${address} is in quarantine: ${quarantined}`]),
    ...unsettled.map((what) => `${address}: ${messageOf(what)}`),
  ]);
}
