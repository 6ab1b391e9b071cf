/** By each code of the doctor a host that shows it, with as little wrong as there can be. */
import type { DoctorFacts, FunctionFinding, Leftovers, Purpose } from '../../../src/admin/doctor/index.js';
import type { PciAddress } from '../../../src/pci/index.js';
import { SUBJECTS } from '../../look/explain/subjects.js';
import { dmar, dmarReserved, dmarUnit, ivrs, ivrsMemory, ivrsUnit } from './acpi-tables.js';
import {
  BOOTED,
  DEVICE,
  drive,
  driveConfig,
  FUNCTION,
  limits,
  MODULES,
  SOUND_FACTS,
  type SOUND_HOSTS,
  twin,
  VFIO_HOST,
  XEN_HOST,
} from './sound-host.js';
import type { Tree } from './tree.js';

export interface IllHost {
  readonly base: keyof typeof SOUND_HOSTS;
  /** What is not as there. */
  readonly changes: Tree;
  readonly facts?: Partial<DoctorFacts>;
  readonly address?: PciAddress;
  readonly purpose?: Purpose;
  /** Codes that come with it. */
  readonly also?: readonly string[];
  /** Nothing stands in the way all the same. */
  readonly ready?: boolean;
}

const USER: Partial<DoctorFacts> = { user: { uid: 1234 } };
const COMMAND_LINE = '/proc/cmdline';
const LOADED = '/proc/modules';

function vfio(changes: Tree, more: Omit<IllHost, 'base' | 'changes'> = {}): IllHost {
  return { base: 'vfio', changes, ...more };
}

function xen(changes: Tree, more: Omit<IllHost, 'base' | 'changes'> = {}): IllHost {
  return { base: 'xen', changes, ...more };
}

/** As it is when the kernel has no IOMMU. */
const NO_GROUPS: Tree = Object.fromEntries(
  Object.keys(VFIO_HOST)
    .filter((path) => path.includes('iommu_group'))
    .map((path) => [path, undefined]),
);

const note = { ready: true };
const atFunction = { address: FUNCTION };

function subjectConfig(rule: string): Uint8Array {
  const drives = SUBJECTS[rule]?.functions.filter(({ address }) => address.equals(FUNCTION)) ?? [];
  const config = drives[0]?.config.slice() ?? new Uint8Array();
  if (config[0] !== 0xff) config[0x3d] = 1;
  return config;
}

function finding(severity: FunctionFinding['severity']): Partial<DoctorFacts> {
  return {
    findings: [
      {
        code: 'mounted',
        severity,
        message: '01:00.0 has file systems that are mounted: /srv (nvme0n1)',
        why: 'the file systems go with it',
        next: 'umount /srv',
      },
    ],
  };
}

function left(changes: Partial<Leftovers>): Partial<DoctorFacts> {
  const { leftovers } = SOUND_FACTS;
  return leftovers === undefined ? {} : { leftovers: { ...leftovers, ...changes } };
}

const hiddenAt = (seconds: number) =>
  left({
    hidden: [{ when: seconds * 1000, for: 'vfio', file: '/etc/default/grub', addresses: [FUNCTION] }],
  });

export const ILL_HOSTS: Readonly<Record<string, IllHost>> = {
  IOMMU_NOT_IN_FIRMWARE: vfio(
    { ...NO_GROUPS, '/sys/firmware/acpi/tables/DMAR': undefined, [COMMAND_LINE]: 'ro\n' },
    { also: ['IOMMU_OFF'] },
  ),
  IOMMU_TABLE_MALFORMED: vfio({ '/sys/firmware/acpi/tables/DMAR': dmar(1, [dmarUnit(), [0, 0, 2, 0]]) }),
  // A folder stands for a file that may not be read: root may read every file.
  IOMMU_TABLE_UNREADABLE: vfio(
    { '/sys/firmware/acpi/tables/DMAR': undefined, '/sys/firmware/acpi/tables/DMAR/x': '' },
    note,
  ),
  INTERRUPT_REMAPPING_OFF: vfio({ '/sys/firmware/acpi/tables/DMAR': dmar(0, [dmarUnit()]) }),
  INTERRUPTS_UNSAFE: vfio(
    {
      '/sys/firmware/acpi/tables/DMAR': dmar(0, [dmarUnit()]),
      '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts': 'Y\n',
    },
    note,
  ),
  RESERVED_MEMORY: vfio(
    // Behind the port 00:01.0, as firmware writes it: the way from the root bus.
    {
      '/sys/firmware/acpi/tables/DMAR': dmar(1, [
        dmarUnit(),
        dmarReserved(0x7d00_0000n, 0x7eff_ffffn, [
          [1, 0],
          [0, 0],
        ]),
      ]),
    },
    atFunction,
  ),
  RESERVED_MEMORY_RELAXED: vfio(
    {
      '/sys/kernel/iommu_groups/2/reserved_regions':
        '0x000000007d000000 0x000000007effffff direct-relaxable\n',
    },
    { ...atFunction, ...note },
  ),
  SECURE_BOOT: vfio(
    {
      '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c': new Uint8Array([
        6, 0, 0, 0, 1,
      ]),
    },
    note,
  ),

  IOMMU_OFF_BY_OPTION: vfio(
    { ...NO_GROUPS, [COMMAND_LINE]: 'ro intel_iommu=off quiet\n' },
    { also: ['IOMMU_OFF'] },
  ),
  IOMMU_OPTION_MISSING: vfio(
    // Behind `--` it is an option of the first program.
    { ...NO_GROUPS, [COMMAND_LINE]: 'ro quiet -- intel_iommu=on\n' },
    { also: ['IOMMU_OFF'] },
  ),
  IOMMU_OPTION_WITHOUT_EFFECT: vfio(
    {
      '/proc/cpuinfo': 'vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm\n',
      '/sys/firmware/acpi/tables/DMAR': undefined,
      '/sys/firmware/acpi/tables/IVRS': ivrs([
        ivrsUnit(0x10, 2),
        ivrsUnit(0x11, 2),
        ivrsMemory(0x100, 0n, 4096n, 0x107, 8),
      ]),
      [COMMAND_LINE]: 'ro amd_iommu=on iommu=pt\n',
    },
    note,
  ),
  MESSAGES_OFF_BY_OPTION: vfio({ [COMMAND_LINE]: 'ro intel_iommu=on pci=noaer,nomsi\n' }, note),
  ACS_OVERRIDDEN: vfio({ [COMMAND_LINE]: 'ro intel_iommu=on pcie_acs_override=downstream\n' }, note),
  HIDE_LIST_UNSOUND: xen({ [COMMAND_LINE]: 'ro xen-pciback.hide=(01:00:0)\n' }),
  HIDE_LIST_NOT_TAKEN: xen({ ...drive('nvme') }),
  HIDE_LIST_NAMES_ABSENT: xen({ [COMMAND_LINE]: 'ro xen-pciback.hide=(01:00.0)(0a:00.0)\n' }, note),
  HIDE_OPTION_OLD_NAME: xen({ [COMMAND_LINE]: 'ro pciback.hide=(01:00.0)\n' }),
  VFIO_IDS_MALFORMED: vfio({ [COMMAND_LINE]: 'intel_iommu=on vfio-pci.ids=144d/a808\n' }, note),
  VFIO_IDS_TAKE_SEVERAL: vfio(
    { ...twin(3), '/etc/modprobe.d/vfio.conf': 'options vfio-pci ids=144d:a808\n' },
    { ...note, also: ['VFIO_IDS_NOT_TAKEN'] },
  ),
  VFIO_IDS_NOT_TAKEN: vfio(
    { ...drive('nvme', 2), [COMMAND_LINE]: 'intel_iommu=on vfio-pci.ids=144d:a808\n' },
    note,
  ),
  VFIO_IDS_NAME_ABSENT: vfio({ [COMMAND_LINE]: 'intel_iommu=on vfio-pci.ids=8086:1572\n' }, note),

  KERNEL_WITHOUT_MODULES: vfio({ [LOADED]: undefined, '/dev/vfio/vfio': undefined }),
  MODULES_NOT_INSTALLED: vfio({
    [LOADED]: '\n',
    [`${MODULES}/modules.dep`]: undefined,
    '/lib/modules/6.1.0-newer/modules.dep': '',
  }),
  MODULE_LOADING_OFF: vfio({ [LOADED]: '\n', '/proc/sys/kernel/modules_disabled': '1\n' }),
  MODULE_MISSING: vfio(
    {
      [LOADED]: 'vfio_pci 1 0 - Live 0x0\n',
      [`${MODULES}/modules.dep`]: 'kernel/drivers/vfio/vfio_iommu_type1.ko:\n',
    },
    note,
  ),
  MODULE_FORBIDDEN: vfio({
    [LOADED]: 'uio_pci_generic 1 0 - Live 0x0\n',
    '/etc/modprobe.d/no-vfio.conf': 'install vfio-pci /bin/false\n',
  }),
  MODULE_BLACKLISTED: vfio({
    [LOADED]: 'uio_pci_generic 1 0 - Live 0x0\n',
    '/etc/modprobe.d/no-vfio.conf': '# not here\nblacklist vfio_pci\n',
  }),
  MODULE_NOT_LOADED: vfio({ [LOADED]: 'uio_pci_generic 1 0 - Live 0x0\n' }),

  IOMMU_OFF: vfio(NO_GROUPS),
  IOMMU_KEPT_BY_XEN: xen(
    { [LOADED]: 'vfio_pci 1 0 - Live 0x0\nvfio_iommu_type1 1 0 - Live 0x0\n' },
    { purpose: 'vfio' },
  ),
  IOMMU_BYPASSED: vfio({ '/sys/module/vfio/parameters/enable_unsafe_noiommu_mode': 'Y\n' }, note),
  GROUP_NOT_VIABLE: vfio({ ...twin(2) }, atFunction),
  FUNCTION_UNTRANSLATED: vfio({ ...drive('vfio-pci'), [`${DEVICE}/iommu_group`]: undefined }, atFunction),

  FUNCTION_GONE: vfio({ [`${DEVICE}/config`]: new Uint8Array(4096).fill(0xff) }, atFunction),
  FUNCTION_FAULT: vfio(
    { [`${DEVICE}/config`]: subjectConfig('ERRORS_UNCORRECTABLE') },
    { ...atFunction, ...note },
  ),
  FUNCTION_IS_BRIDGE: vfio({}, { address: portAddress() }),
  DRIVER_OVERRIDE_IDLE: vfio(
    { ...drive(undefined, 2), [`${DEVICE}/driver_override`]: 'vfio-pci\n' },
    { ...atFunction, ...note },
  ),
  DRIVERCTL_NOT_TAKEN: vfio(
    { [`/etc/driverctl.d/pci-${FUNCTION}`]: 'uio_pci_generic\n' },
    { ...atFunction, ...note },
  ),
  FUNCTION_CRITICAL: vfio({}, { ...atFunction, facts: finding('critical') }),
  FUNCTION_UNSAFE: xen({}, { ...atFunction, facts: finding('unsafe') }),
  FUNCTION_NOTED: vfio({}, { ...atFunction, ...note, facts: finding('note') }),
  RESET_MISSING: xen(
    {
      [`${DEVICE}/config`]: subjectConfig('RESET_NONE'),
      [`${DEVICE}/reset_method`]: undefined,
      ...twin(),
      '/sys/bus/pci/devices/0000:01:00.1/reset_method': 'flr\n',
    },
    atFunction,
  ),
  POWER_STUCK: vfio({ [`${DEVICE}/power_state`]: 'D3cold\n' }, atFunction),
  UIO_WITHOUT_INTERRUPT: xen(
    { [`${DEVICE}/config`]: driveConfig().fill(0, 0x3d, 0x3e) },
    { ...atFunction, ...note },
  ),

  LOCKDOWN: vfio({ '/sys/kernel/security/lockdown': 'none [integrity] confidentiality\n' }),
  MEMORY_STRICT: vfio({ ...drive('nvme', 2) }, { ...atFunction, ...note }),
  USER_UNPRIVILEGED: vfio({}, { ...note, facts: USER }),

  MEMLOCK_TOO_LOW: vfio({}, { facts: { pinned: 2 ** 30 } }),
  MEMLOCK_SMALL: vfio({ '/proc/self/limits': limits('65536', '1024') }, note),
  OPEN_FILES_FEW: vfio({ '/proc/self/limits': limits('unlimited', '64') }),

  VFIO_FILE_MISSING: vfio({ '/dev/vfio/vfio': undefined }),
  VFIO_FILE_CLOSED: vfio({ '/dev/vfio/vfio': { mode: 0o600 } }, { facts: USER, also: ['USER_UNPRIVILEGED'] }),
  VFIO_GROUP_FILE_MISSING: vfio({ '/dev/vfio/2': undefined }, atFunction),
  VFIO_GROUP_FILE_CLOSED: vfio(
    { '/dev/vfio/2': { mode: 0o600 } },
    { ...atFunction, facts: USER, also: ['USER_UNPRIVILEGED'] },
  ),
  UIO_FILE_MISSING: vfio({ ...drive('uio_pci_generic', 2), [`${DEVICE}/uio/uio0/name`]: 'x' }, atFunction),
  UIO_FILE_CLOSED: vfio(
    {
      ...drive('uio_pci_generic', 2),
      [`${DEVICE}/uio/uio0/name`]: 'x',
      '/dev/uio0': { mode: 0o600 },
    },
    { ...atFunction, facts: USER, also: ['USER_UNPRIVILEGED'] },
  ),

  FUSE_FILE_MISSING: vfio({ '/dev/fuse': undefined }),
  FUSE_FILE_CLOSED: vfio({ '/dev/fuse': { mode: 0o600 } }, { facts: USER, also: ['USER_UNPRIVILEGED'] }),
  FUSERMOUNT_MISSING: vfio(
    { '/usr/bin/fusermount3': undefined },
    { facts: USER, also: ['USER_UNPRIVILEGED'] },
  ),
  FUSERMOUNT_POWERLESS: vfio(
    { '/usr/bin/fusermount3': { mode: 0o755 } },
    { facts: USER, also: ['USER_UNPRIVILEGED'] },
  ),
  FUSE_NOT_FOR_OTHERS: vfio(
    { '/etc/fuse.conf': '# user_allow_other\n' },
    { ...note, facts: USER, also: ['USER_UNPRIVILEGED'] },
  ),

  XEN_ABSENT: vfio({ [LOADED]: XEN_HOST[LOADED] }, { purpose: 'xen' }),
  XEN_CAPABILITIES_MISSING: xen({ '/proc/xen/capabilities': undefined }),
  XEN_GUEST: xen({ '/proc/xen/capabilities': '\n' }),
  XEN_DOM0_PVH: xen({ '/sys/hypervisor/guest_type': 'PVH\n' }, note),
  XEN_VERSION_UNKNOWN: xen({
    '/sys/hypervisor/version/minor': '3\n',
    '/usr/lib/xen-4.3/bin/xl': { mode: 0o755 },
  }),
  LIBXENCTRL_MISSING: xen({ '/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17': undefined }),
  XEN_FILE_MISSING: xen({ '/dev/xen/gntdev': undefined }),
  XEN_FILE_CLOSED: xen(
    { '/dev/xen/privcmd': { mode: 0o666 }, '/dev/xen/evtchn': { mode: 0o666 } },
    { facts: USER, also: ['USER_UNPRIVILEGED'] },
  ),
  XENSTORE_SILENT: xen(
    {},
    { facts: { xen: { store: 'no answer in 5000 ms', domainKnown: false, translates: true } } },
  ),
  XENSTORE_DOMAIN_UNKNOWN: xen(
    {},
    { facts: { xen: { store: undefined, domainKnown: false, translates: true } } },
  ),
  XEN_WITHOUT_IOMMU: xen({}, { facts: { xen: { store: undefined, domainKnown: true, translates: false } } }),
  XL_MISSING: xen({ '/usr/lib/xen-4.17/bin/xl': undefined }, note),
  XL_OF_ANOTHER_XEN: xen({
    '/usr/lib/xen-4.17/bin/xl': undefined,
    '/usr/lib/xen-4.19/bin/xl': { mode: 0o755 },
  }),
  PCIBACK_PERMISSIVE: xen({ '/sys/module/xen_pciback/parameters/permissive': 'Y\n' }, note),

  RECORD_UNREADABLE: vfio(
    {},
    { facts: left({ unreadable: [{ path: '/run/openslot/linux.claims.json', why: 'it is torn' }] }) },
  ),
  CHANGE_UNFINISHED: vfio({}, { facts: left({ unfinished: [`claim ${FUNCTION}`] }) }),
  CLAIM_LOST: vfio(
    { ...drive('nvme', 2) },
    {
      ...note,
      facts: left({ claims: [{ address: FUNCTION, holder: 'vfio-pci', quarantined: undefined }] }),
    },
  ),
  FUNCTION_QUARANTINED: vfio(
    {},
    {
      ...note,
      facts: left({
        claims: [{ address: FUNCTION, holder: 'vfio-pci', quarantined: 'it reads all ones' }],
      }),
    },
  ),
  SOCKET_STALE: vfio({}, { ...note, facts: left({ owner: 'stale' }) }),
  PROBING_STOPPED: xen(
    { '/sys/bus/xen-backend/drivers_autoprobe': '0\n' },
    { ...note, facts: left({ probing: '1' }) },
  ),
  HIDE_NOT_BOOTED: vfio({ ...drive('nvme', 2) }, { ...note, facts: hiddenAt(BOOTED + 60) }),
  HIDE_NOT_TAKEN: vfio({ ...drive('nvme', 2) }, { ...note, facts: hiddenAt(BOOTED - 60) }),
};

/** The bridge above the function. */
function portAddress(): PciAddress {
  const port = SUBJECTS['LINK_DOWN']?.functions[0];
  return port?.address ?? FUNCTION;
}
