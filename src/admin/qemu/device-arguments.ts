/** QEMU's arguments for functions of this host, and the ids that their devices have in it. */
import { hexDigits, type PciAddress } from '../../pci/index.js';

/** `openslot-0000-0a-00.0`: QEMU's ids have no colons, and everybody can see in it which function it is. */
export function deviceId(address: PciAddress): string {
  return `openslot-${String(address).replaceAll(':', '-')}`;
}

/** What the machine is: `q35` has PCI Express, `pc` has not. */
export const QEMU_MACHINES = ['q35', 'pc'] as const;
export type QemuMachineKind = (typeof QEMU_MACHINES)[number];

/** Of a pc's slots, where QEMU puts none of its own. */
const FIRST_SLOT = 0x10;

/**
 * Arguments that give the functions to a machine from its start on. Functions of one device stay one device, with their
 * numbers; on a q35 each device has a port of its own, so that the guest sees a device of PCI Express.
 */
export function deviceArguments(
  addresses: readonly PciAddress[],
  machine: QemuMachineKind,
): readonly string[] {
  return devicesOf(addresses).flatMap((functions, index) => {
    const port = `openslot-port${index + 1}`;
    const slot = machine === 'q35' ? '00' : hexDigits(FIRST_SLOT + index, 2);
    const devices = functions.flatMap((address) => [
      '-device',
      [
        `vfio-pci,host=${address}`,
        `id=${deviceId(address)}`,
        ...(machine === 'q35' ? [`bus=${port}`] : []),
        ...(functions.length > 1 ? [`addr=${slot}.${address.function}`] : []),
        ...(functions.length > 1 && address.function === 0 ? ['multifunction=on'] : []),
      ].join(','),
    ]);
    return machine === 'q35'
      ? ['-device', `pcie-root-port,id=${port},chassis=${index + 1}`, ...devices]
      : devices;
  });
}

/** Functions that come as one device. Without function 0 there is none: each is then function 0 of its own. */
function devicesOf(addresses: readonly PciAddress[]): readonly (readonly PciAddress[])[] {
  const devices = new Map<number, PciAddress[]>();
  for (const address of addresses.toSorted((a, b) => a.sbdf - b.sbdf)) {
    const first = address.sbdf - address.function;
    devices.set(first, [...(devices.get(first) ?? []), address]);
  }
  return [...devices.values()].flatMap((functions) =>
    functions[0]?.function === 0 ? [functions] : functions.map((one) => [one]),
  );
}
