/** Refusals of giving functions to virtual machines of QEMU, each cause of QEMU's own with what helps against it. */
import { OpenslotError, type PciAddress } from '../../pci/index.js';

/** The function is not kept by the driver that lets QEMU have it. */
export class NotForVfioError extends OpenslotError {
  readonly code = 'NOT_FOR_VFIO';
  /** `holder`: who keeps it in the pool, null for having no driver; undefined where it is not in the pool. */
  constructor(address: PciAddress, holder: string | null | undefined) {
    const claim = `openslot claim --for vfio ${address}`;
    super(
      holder === undefined
        ? `${address} is not in the pool`
        : `${address} is in the pool, ${holder === null ? 'without a driver' : `held by ${holder}`}: QEMU takes it from vfio-pci only`,
      { address: String(address), holder: holder ?? 'none' },
      holder === undefined ? claim : `openslot release ${address}; ${claim}`,
    );
  }
}

/** The virtual machine does not have the function by this tool. */
export class NotGivenError extends OpenslotError {
  readonly code = 'QEMU_NOT_GIVEN';
  constructor(address: PciAddress, taker: string, has: readonly PciAddress[]) {
    super(
      `${address} was not given to ${taker}; it has ${has.length === 0 ? 'no function' : has.join(', ')}`,
      { address: String(address), taker, has: has.map(String) },
      'openslot list',
    );
  }
}

/** The virtual machine has had the function since it was started. */
export class GivenAtStartError extends OpenslotError {
  readonly code = 'QEMU_GIVEN_AT_START';
  constructor(address: PciAddress, taker: string, id: string) {
    super(
      `${taker} has ${address} already, as its device ${id}: by its command line, or by another tool`,
      { address: String(address), taker, id },
      'it comes back when the virtual machine ends, or by the tool that gave it',
    );
  }
}

/** VFIO gives and takes a group as a whole, and the virtual machine would keep a part. */
export class GroupKeptError extends OpenslotError {
  readonly code = 'QEMU_GROUP_KEPT';
  constructor(taker: string, taken: readonly PciAddress[], kept: readonly PciAddress[]) {
    super(
      `${taker} would keep ${kept.join(', ')} of the same IOMMU group: until those come back too, nothing of the group can be reset or given away`,
      { taker, detached: taken.map(String), kept: kept.map(String) },
      `openslot detach ${taker} ${[...taken, ...kept].join(' ')}`,
    );
  }
}

/** The guest did not let go of a function, or said that it will not. */
export class GuestKeepsError extends OpenslotError {
  readonly code: 'QEMU_GUEST_SILENT' | 'QEMU_GUEST_REFUSED';
  /** `wanted`: all that were asked for together, of which those that have gone come back with the next try. */
  constructor(
    code: GuestKeepsError['code'],
    address: PciAddress,
    taker: string,
    wanted: readonly PciAddress[],
    seconds: number,
  ) {
    const again = `openslot detach ${taker} ${wanted.join(' ')}`;
    super(
      code === 'QEMU_GUEST_SILENT'
        ? `the guest of ${taker} did not let go of ${address} in ${seconds} s; it may do so later`
        : `the guest of ${taker} refuses to let go of ${address}`,
      { address: String(address), taker, seconds },
      code === 'QEMU_GUEST_SILENT'
        ? `see that the guest runs and that its system serves hot-plug (pciehp, acpiphp), then: ${again}`
        : `see in the guest who uses it, then: ${again}`,
    );
    this.code = code;
  }
}

/** There is no taking a function from a running QEMU without its guest. */
export class ForceImpossibleError extends OpenslotError {
  readonly code = 'QEMU_FORCE_IMPOSSIBLE';
  constructor(taker: string, what: string) {
    super(
      `QEMU takes no function from a guest that has not let go of it: its monitor has no command for that, and VFIO keeps the function as long as QEMU runs`,
      { taker, functions: what },
      `ending QEMU (quit in its monitor) frees all it has; ask the guest, or take back what was freed: openslot detach ${taker} ${what}`,
    );
  }
}

/** Only real functions of this host reach a virtual machine by VFIO. */
export class HostOnlyError extends OpenslotError {
  readonly code = 'QEMU_HOST_ONLY';
  constructor(machine: string) {
    super(`QEMU takes functions of this host by VFIO, and none of ${machine}`, { machine }, 'add --on linux');
  }
}

/** An option that has no meaning for a virtual machine. */
export class SpecOptionError extends OpenslotError {
  readonly code = 'QEMU_SPEC_OPTION';
  constructor(spec: string) {
    super(
      `${spec}: a virtual machine of QEMU is given whole functions by their address, without xl's options`,
      { spec },
      'write DDDD:BB:DD.F; --bus ID names where it comes in the virtual machine',
    );
  }
}

/** Where the pool's record and the virtual machine differ after an attach that failed half way. */
export class HalfAttachedError extends OpenslotError {
  readonly code = 'QEMU_HALF_ATTACHED';
  constructor(taker: string, failed: OpenslotError, kept: readonly PciAddress[]) {
    super(
      `${failed.message}; the guest of ${taker} has not let go again of ${kept.join(', ')}, which came first`,
      { ...failed.evidence, taker, kept: kept.map(String), cause: failed.code },
      `openslot detach ${taker} ${kept.join(' ')}; ${failed.next}`,
      { cause: failed },
    );
  }
}

/** Why QEMU refuses to add a device, by cause. */
export type RefusalCode =
  | 'QEMU_GROUP_NOT_VIABLE'
  | 'QEMU_GROUP_BUSY'
  | 'QEMU_GROUP_PERMISSION'
  | 'QEMU_LOCKED_LIMIT'
  | 'QEMU_DMA_REFUSED'
  | 'QEMU_NO_DEVICE'
  | 'QEMU_NO_IOMMU'
  | 'QEMU_UNSAFE_INTERRUPTS'
  | 'QEMU_NO_HOT_PLUG'
  | 'QEMU_SLOT_TAKEN'
  | 'QEMU_BUS_UNKNOWN'
  | 'QEMU_WITHOUT_VFIO'
  | 'QEMU_REFUSED';

export class DeviceRefusedError extends OpenslotError {
  readonly code: RefusalCode;
  constructor(
    code: RefusalCode,
    address: PciAddress,
    { why, said, next }: { readonly why: string; readonly said: string; readonly next: string },
    options?: ErrorOptions,
  ) {
    super(`QEMU does not take ${address}: ${why}`, { address: String(address), said }, next, options);
    this.code = code;
  }
}
