/** What QEMU's words mean when it refuses a device: the cause, and the command that helps. */
import type { PciAddress } from '../../pci/index.js';
import { DeviceRefusedError, type RefusalCode } from './errors.js';

/** What is known about the function, for the words of the advice. */
export interface RefusedDevice {
  readonly address: PciAddress;
  readonly group: number | undefined;
  /** Of the same group, with drivers of the host that keep VFIO from giving it. */
  readonly others: readonly { readonly address: PciAddress; readonly driver: string }[];
  /** Where it was to come; undefined: nobody said. */
  readonly bus: string | undefined;
}

interface Refusal {
  readonly code: RefusalCode;
  /** In what QEMU says: 7.2 and 10.0 were looked at (hw/vfio, hw/pci, qdev-monitor.c). */
  readonly words: RegExp;
  why(device: RefusedDevice): string;
  next(device: RefusedDevice): string;
}

const fileOf = ({ group }: RefusedDevice) => `/dev/vfio/${group ?? 'GROUP'}`;

/** In this order: the first that fits is it. */
const REFUSALS: readonly Refusal[] = [
  {
    code: 'QEMU_GROUP_NOT_VIABLE',
    words: /group \d+ is not viable/,
    why: ({ group, others }) =>
      `drivers of the host have other functions of its IOMMU group ${group ?? ''}: ${others.map((one) => `${one.address} (${one.driver})`).join(', ') || 'ls -l /sys/kernel/iommu_groups shows which'}`,
    next: ({ others }) =>
      others.map((one) => `openslot claim --for vfio ${one.address}`).join('; ') || 'openslot tree',
  },
  {
    code: 'QEMU_GROUP_BUSY',
    words: /\/dev\/vfio\/\S+: Device or resource busy|group \d+ used in multiple address spaces/,
    why: (device) => `another process has ${fileOf(device)}, or the group is used twice in this machine`,
    next: (device) => `fuser -v ${fileOf(device)}`,
  },
  {
    code: 'QEMU_GROUP_PERMISSION',
    words: /\/dev\/vfio\/\S*: (Permission denied|Operation not permitted)/,
    why: (device) => `the user of QEMU may not open ${fileOf(device)}`,
    next: (device) => `for the user who runs QEMU: chown USER ${fileOf(device)}`,
  },
  {
    code: 'QEMU_LOCKED_LIMIT',
    words: /\(Cannot allocate memory\)|-12\b|memlock/i,
    why: () => 'QEMU may not keep the memory of its guest in place (RLIMIT_MEMLOCK), which DMA needs',
    next: () =>
      'start QEMU with a limit above the guest’s memory: raise it by memlock in limits.conf(5), by LimitMEMLOCK= of a service, or in the shell: ulimit -l KILOBYTES; libvirt: <memtune><hard_limit>',
  },
  {
    code: 'QEMU_UNSAFE_INTERRUPTS',
    words: /failed to set iommu for container: Operation not permitted/i,
    why: () => 'the IOMMU does not remap interrupts, so a device could forge those of others',
    next: () =>
      'switch interrupt remapping on in firmware; options vfio_iommu_type1 allow_unsafe_interrupts=1 trusts the guest instead',
  },
  {
    code: 'QEMU_DMA_REFUSED',
    words: /vfio_(container_)?dma_map\(|VFIO_MAP_DMA/i,
    why: () =>
      'memory of the guest, or a BAR of another device, cannot be reached through the IOMMU at the address that the guest has for it',
    next: () =>
      'look at its reserved_regions in /sys/kernel/iommu_groups, and give the guest less memory, or 64-bit windows elsewhere',
  },
  {
    code: 'QEMU_NO_DEVICE',
    words: /no such host device/,
    why: () => 'there is no such function where QEMU runs: in a container, or on another host',
    next: ({ address }) => `there: openslot show ${address}`,
  },
  {
    code: 'QEMU_NO_IOMMU',
    words: /no iommu_group found|(error )?getting? group|\/dev\/vfio\/\S+: No such file or directory/i,
    why: () => 'the host has no IOMMU group of it: no IOMMU, or vfio-pci does not have it',
    next: ({ address }) => `openslot show ${address}; openslot claim --for vfio ${address}`,
  },
  {
    code: 'QEMU_NO_HOT_PLUG',
    words: /does not support hot-?plug|No '.*' bus found for device/i,
    why: () => 'the virtual machine has no free place where a function can come while it runs',
    next: ({ address }) =>
      `start QEMU with some free ports, -device pcie-root-port,id=port1,chassis=1; or give it the function at its start: openslot qemu-arguments ${address}`,
  },
  {
    code: 'QEMU_SLOT_TAKEN',
    words: /(already occupied|in use|not available).*(by|for)|slot.*(not available|occupied)|multifunction/i,
    why: ({ bus }) => `its place${bus === undefined ? '' : ` on ${bus}`} in the virtual machine is taken`,
    next: () => 'name another port with --bus',
  },
  {
    code: 'QEMU_BUS_UNKNOWN',
    words: /Bus '.*' (not found|is full)/,
    why: ({ bus }) => `there is no room at the bus ${bus ?? ''} of the virtual machine, or no such bus`,
    next: () => 'leave out --bus, or name a port by its id on the command line of QEMU',
  },
  {
    code: 'QEMU_WITHOUT_VFIO',
    words: /'vfio-pci' is not a valid device model name/,
    why: () => 'this QEMU was built without VFIO',
    next: () => 'install one with it: apt-get install qemu-system-x86',
  },
];

/** The refusal that QEMU's words mean. */
export function refusalOf(said: string, device: RefusedDevice, options?: ErrorOptions): DeviceRefusedError {
  const refusal = REFUSALS.find(({ words }) => words.test(said));
  const explained =
    refusal === undefined
      ? { why: said, next: 'look at the log of QEMU, and dmesg | tail' }
      : { why: `${refusal.why(device)} ("${said}")`, next: refusal.next(device) };
  return new DeviceRefusedError(
    refusal?.code ?? 'QEMU_REFUSED',
    device.address,
    { ...explained, said },
    options,
  );
}
