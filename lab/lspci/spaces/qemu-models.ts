/** QEMU's PCI device models: which there are, and what each needs behind it to be made. */

/** A model with how it is put into a machine. */
export interface QemuModel {
  readonly name: string;
  /** Arguments for one of them on a bus; `n` tells several in one machine apart. */
  readonly argumentsOn: (bus: string | undefined, n: number) => string;
}

/** Names of the models on the bus PCI, from QEMU's own list (`-device help`). */
export function modelNames(help: string): readonly string[] {
  return [...help.matchAll(/^name "([^"]+)", bus PCI\b/gm)].map(([, name = '']) => name);
}

/** What stands behind a device, and the properties that name it. */
type Backing = (n: number) => { readonly before?: string; readonly properties: string };

const memory: Backing = (n) => ({
  before: `-object memory-backend-ram,id=mem${n},size=1M,share=on`,
  properties: `memdev=mem${n}`,
});
const serial =
  (count: number): Backing =>
  (n) => ({
    before: Array.from({ length: count }, (_, i) => `-chardev null,id=serial${n}${i}`).join(' '),
    properties:
      count === 1
        ? `chardev=serial${n}0`
        : Array.from({ length: count }, (_, i) => `chardev${i + 1}=serial${n}${i}`).join(','),
  });

const BACKINGS: readonly (readonly [RegExp, Backing])[] = [
  [/^virtio-blk-/, (n) => ({ before: `-blockdev null-co,node-name=disk${n}`, properties: `drive=disk${n}` })],
  [/^virtio-9p-/, (n) => ({ before: `-fsdev synth,id=fs${n}`, properties: `fsdev=fs${n},mount_tag=t${n}` })],
  [
    /^virtio-crypto-/,
    (n) => ({
      before: `-object cryptodev-backend-builtin,id=crypto${n}`,
      properties: `cryptodev=crypto${n}`,
    }),
  ],
  [/^(ivshmem-plain|virtio-pmem-pci|virtio-mem-pci|acpi-erst)$/, memory],
  [/^nvme$/, (n) => ({ properties: `serial=made-up-${n}` })],
  [/^pci-serial$/, serial(1)],
  [/^pci-serial-2x$/, serial(2)],
  [/^pci-serial-4x$/, serial(4)],
  [/^pci-ipmi-/, (n) => ({ before: `-device ipmi-bmc-sim,id=bmc${n}`, properties: `bmc=bmc${n}` })],
  [/^(pci-bridge|pci-bridge-seat)$/, (n) => ({ properties: `chassis_nr=${n + 20}` })],
  [/^(pcie-root-port|ioh3420|xio3130-downstream)$/, (n) => ({ properties: `chassis=${n + 20}` })],
  [/^pxb(-pcie|-cxl)?$/, (n) => ({ properties: `bus_nr=${64 + 16 * n}` })],
  [
    /^(ctucan|mioe3680|pcm3680)_pci$/,
    (n) => ({ before: `-object can-bus,id=can${n}`, properties: `canbus0=can${n},canbus1=can${n}` }),
  ],
  [/^kvaser_pci$/, (n) => ({ before: `-object can-bus,id=can${n}`, properties: `canbus=can${n}` })],
  [/^rocker$/, (n) => ({ properties: `name=switch${n}` })],
];

/** A downstream port stands in a switch only. */
const SWITCH = '-device x3130-upstream,id=up,bus=';

export function modelOf(name: string): QemuModel {
  const backing = BACKINGS.find(([names]) => names.test(name))?.[1];
  return {
    name,
    argumentsOn: (bus, n) => {
      const { before = '', properties = '' } = backing?.(n) ?? {};
      const inSwitch = name === 'xio3130-downstream' && bus !== undefined;
      const words = [
        name,
        inSwitch ? 'bus=up' : bus === undefined ? '' : `bus=${bus}`,
        'romfile=',
        properties,
      ];
      return [
        before,
        inSwitch ? `${SWITCH}${bus}` : '',
        `-device ${words.filter((word) => word !== '').join(',')}`,
      ]
        .filter((word) => word !== '')
        .join(' ');
    },
  };
}
