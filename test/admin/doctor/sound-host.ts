/**
 * Hosts that nothing is wrong with: one of Intel with VFIO, whose function 01:00.0 is held by vfio-pci, and one whose
 * domain 0 has it with xen-pciback. Whoever wants something wrong changes a file or a fact.
 */
import type { DoctorFacts } from '../../../src/admin/doctor/index.js';
import { notations } from '../../../src/pci/index.js';
import { SOUND } from '../../look/explain/subjects.js';
import { dmar, dmarUnit } from './acpi-tables.js';
import type { Tree } from './tree.js';

export const FUNCTION = notations.hex.parse('01:00.0');
export const DEVICE = `/sys/bus/pci/devices/${FUNCTION}`;
export const RELEASE = '6.1.0-made';
export const MODULES = `/lib/modules/${RELEASE}`;

/** Of a card that was seen before the boot, in seconds since 1970. */
export const BOOTED = 1_700_000_000;

function configOf(address: string): Uint8Array {
  const found = SOUND.find(({ address: one }) => one.equals(notations.hex.parse(address)));
  return found?.config ?? new Uint8Array();
}

interface MadeDevice {
  readonly config: Uint8Array;
  /** `vvvv:dddd`, and six digits of class. */
  readonly ids: string;
  readonly class: string;
  readonly driver?: string;
  readonly group?: number;
  /** Address of its only region, which has 16 KiB; a port has none. */
  readonly region?: number;
}

function resource(start: number): string {
  const hex = (value: number) => `0x${value.toString(16).padStart(16, '0')}`;
  return `${hex(start)} ${hex(start + 0x3fff)} 0x0000000000140204\n`;
}

export function device(
  address: string,
  { config, ids, class: code, driver, group, region }: MadeDevice,
): Tree {
  const folder = `/sys/bus/pci/devices/${notations.hex.format(notations.hex.parse(address))}`;
  return {
    [`${folder}/config`]: config,
    [`${folder}/uevent`]: `PCI_CLASS=${code}\nPCI_ID=${ids.toUpperCase()}\nPCI_SUBSYS_ID=${ids.toUpperCase()}\n`,
    [`${folder}/revision`]: '0x00\n',
    [`${folder}/resource`]: region === undefined ? '' : resource(region),
    [`${folder}/driver_override`]: '(null)\n',
    [`${folder}/power_state`]: 'D0\n',
    [`${folder}/power/control`]: 'on\n',
    [`${folder}/power/runtime_status`]: 'active\n',
    [`${folder}/irq`]: '16\n',
    [`${folder}/driver`]: driver === undefined ? undefined : { link: `../../../bus/pci/drivers/${driver}` },
    [`${folder}/iommu_group`]:
      group === undefined ? undefined : { link: `../../../../kernel/iommu_groups/${group}` },
    ...(group === undefined
      ? {}
      : {
          [`/sys/kernel/iommu_groups/${group}/type`]: 'DMA-FQ\n',
          [`/sys/kernel/iommu_groups/${group}/reserved_regions`]:
            '0x00000000fee00000 0x00000000feefffff msi\n',
        }),
  };
}

/** As the one of `explain`, with a pin for INTx. */
export function driveConfig(): Uint8Array {
  const config = configOf('01:00.0').slice();
  config[0x3d] = 1;
  return config;
}

export function limits(locked: string, files: string): string {
  return (
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    `Max open files            ${files}                 524288               files     \n` +
    `Max locked memory         ${locked}              8388608              bytes     \n`
  );
}

const EVERYWHERE: Tree = {
  '/proc/cpuinfo': 'processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vmx aes\n',
  '/proc/sys/kernel/osrelease': `${RELEASE}\n`,
  '/proc/sys/kernel/modules_disabled': '0\n',
  '/proc/self/limits': limits('8388608', '1024'),
  '/proc/self/status': 'Name:\tnode\nCapEff:\t0000000000000000\n',
  '/proc/stat': `cpu  1 2 3 4\nbtime ${BOOTED}\nprocesses 1\n`,
  '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c': new Uint8Array([
    6, 0, 0, 0, 0,
  ]),
  '/sys/firmware/acpi/tables/FACP': 'FACP',
  '/sys/kernel/security/lockdown': '[none] integrity confidentiality\n',
  [`${MODULES}/modules.dep`]:
    'kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko.xz\nkernel/drivers/uio/uio_pci_generic.ko.xz:\n' +
    'kernel/drivers/vfio/vfio_iommu_type1.ko.xz:\nkernel/drivers/xen/xen-pciback/xen-pciback.ko.xz:\nkernel/drivers/xen/xen-gntdev.ko.xz:\n',
  [`${MODULES}/modules.builtin`]: 'kernel/fs/fuse/fuse.ko\nkernel/drivers/xen/xen-privcmd.ko\n',
  '/dev/fuse': { mode: 0o666 },
  '/usr/bin/fusermount3': { mode: 0o4755 },
  '/etc/fuse.conf': 'user_allow_other\n',
};

const port = (driver: string, group?: number) =>
  device('00:01.0', {
    config: configOf('00:01.0'),
    ids: '8086:1901',
    class: '60400',
    driver,
    ...(group === undefined ? {} : { group }),
  });

export const drive = (driver: string | undefined, group?: number) =>
  device('01:00.0', {
    config: driveConfig(),
    region: 0xfe00_0000,
    ids: '144d:a808',
    class: '10802',
    ...(driver === undefined ? {} : { driver }),
    ...(group === undefined ? {} : { group }),
  });

/** A second one like it, which the host uses. */
export const twin = (group?: number) =>
  device('01:00.1', {
    config: driveConfig(),
    region: 0xfe00_4000,
    ids: '144d:a808',
    class: '10802',
    driver: 'nvme',
    ...(group === undefined ? {} : { group }),
  });

export const VFIO_HOST: Tree = {
  ...EVERYWHERE,
  '/proc/cmdline': 'BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet intel_iommu=on iommu=pt\n',
  '/proc/modules':
    'vfio_pci 16384 0 - Live 0x0\nvfio_iommu_type1 4096 0 - Live 0x0\nvfio 4096 2 vfio_pci, Live 0x0\nuio_pci_generic 4096 0 - Live 0x0\n',
  '/sys/firmware/acpi/tables/DMAR': dmar(1, [dmarUnit()]),
  '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts': 'N\n',
  '/dev/vfio/vfio': { mode: 0o666 },
  '/dev/vfio/2': { mode: 0o666 },
  ...port('pcieport', 1),
  ...drive('vfio-pci', 2),
  [`${DEVICE}/reset_method`]: 'flr bus\n',
};

export const XEN_HOST: Tree = {
  ...EVERYWHERE,
  '/proc/cmdline': 'root=/dev/sda1 ro quiet xen-pciback.hide=(01:00.0)\n',
  '/proc/modules':
    'xen_pciback 16384 0 - Live 0x0\nxen_gntdev 4096 0 - Live 0x0\nxen_evtchn 4096 2 - Live 0x0\nuio_pci_generic 4096 0 - Live 0x0\n',
  '/proc/xen/capabilities': 'control_d\n',
  '/sys/hypervisor/type': 'xen\n',
  '/sys/hypervisor/version/major': '4\n',
  '/sys/hypervisor/version/minor': '17\n',
  '/sys/hypervisor/guest_type': 'PV\n',
  '/sys/module/xen_pciback/parameters/permissive': 'N\n',
  '/dev/xen/privcmd': { mode: 0o600 },
  '/dev/xen/evtchn': { mode: 0o600 },
  '/dev/xen/gntdev': { mode: 0o600 },
  '/usr/lib/xen-4.17/bin/xl': { mode: 0o755 },
  '/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17': '',
  ...port('pcieport'),
  ...drive('pciback'),
  [`${DEVICE}/reset_method`]: 'flr bus\n',
};

export const SOUND_HOSTS = { vfio: VFIO_HOST, xen: XEN_HOST } as const;

/** What a command would tell of a host that runs, and a saved tree does not. */
export const SOUND_FACTS: Partial<DoctorFacts> = {
  user: { uid: 0 },
  findings: [],
  kernelConfig: 'CONFIG_IO_STRICT_DEVMEM=y\n',
  xen: { store: undefined, domainKnown: true, translates: true },
  leftovers: {
    owner: 'absent',
    socket: '/run/openslot/linux.sock',
    unfinished: [],
    claims: [],
    hidden: [],
    unreadable: [],
    probing: undefined,
  },
};
