/** Firmware: whether it describes an IOMMU, what that can do, which memory it keeps, and who may start a kernel. */
import { notations, PciAddress } from '../../../pci/index.js';
import { causesOr, fine, functionCheck, hostCheck, type Check } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';
import type { ReservedMemory, ScopedPath } from '../firmware/index.js';

const remappingTable = hostCheck({
  name: 'remapping-table',
  layer: 'firmware',
  asks: 'Does firmware describe an IOMMU?',
  purposes: ['vfio'],
  causes: {
    IOMMU_NOT_IN_FIRMWARE: {
      blocks: ['vfio'],
      why: 'the kernel finds no IOMMU: it is switched off in the set-up of firmware, or this machine has none',
      next: 'reboot into the set-up and switch on Intel VT-d, AMD-Vi or IOMMU; programs without DMA need none: openslot claim --for uio ADDRESS',
    },
    IOMMU_TABLE_MALFORMED: {
      blocks: ['vfio'],
      why: 'the kernel ignores a table that is not sound, and has no IOMMU then',
      next: 'dmesg | grep -i -e DMAR -e AMD-Vi; a newer firmware may have it right',
    },
    IOMMU_TABLE_UNREADABLE: {
      blocks: [],
      why: 'what firmware reserves for devices cannot be told without it',
      next: 'run the command as root',
    },
  },
  look({ host }) {
    // Xen takes the table away from domain 0: the check of Xen's IOMMU asks the hypervisor.
    if (host.onXen) return undefined;
    const { remapping } = host;
    switch (remapping.state) {
      case 'read': {
        const { kind, units, reserved } = remapping.table;
        const of = kind === 'DMAR' ? 'Intel VT-d' : 'AMD-Vi';
        const memory =
          reserved.length === 0
            ? 'no memory'
            : `${reserved.length} range${reserved.length === 1 ? '' : 's'} of memory`;
        return fine(`${of}: table ${kind}, ${units} unit${units === 1 ? '' : 's'}, ${memory} reserved`, {
          table: kind,
          units,
          reserved: reserved.length,
        });
      }
      case 'malformed': {
        const { path, why } = remapping;
        return {
          causes: [
            { code: 'IOMMU_TABLE_MALFORMED', what: `${path} is not sound: ${why}`, evidence: { path, why } },
          ],
        };
      }
      case 'unreadable': {
        const { path, errno } = remapping;
        return {
          causes: [
            {
              code: 'IOMMU_TABLE_UNREADABLE',
              what: `${path} cannot be read: ${errno}`,
              evidence: { path, errno },
            },
          ],
        };
      }
      case 'absent': {
        // Other platforms describe theirs elsewhere (IORT, the device tree): what the kernel made of it counts.
        const units = host.files.list('/sys/class/iommu') ?? [];
        if (units.length > 0) return fine(`the kernel has ${units.join(', ')}`, { units });
        const tables = host.files.list('/sys/firmware/acpi/tables') ?? [];
        const what = `firmware describes no IOMMU (no table DMAR or IVRS in /sys/firmware/acpi/tables)`;
        const evidence = { tables, virtual: String(host.isVirtual) };
        if (!host.isVirtual) return { causes: [{ code: 'IOMMU_NOT_IN_FIRMWARE', what, evidence }] };
        return {
          causes: [
            {
              code: 'IOMMU_NOT_IN_FIRMWARE',
              what,
              why: 'this host is a virtual machine, and its hypervisor gives it no IOMMU',
              next: 'give it one (QEMU: -device intel-iommu on a q35 machine); programs without DMA need none: openslot claim --for uio ADDRESS',
              evidence,
            },
          ],
        };
      }
    }
  },
});

const interruptRemapping = hostCheck({
  name: 'interrupt-remapping',
  layer: 'firmware',
  asks: 'Are interrupt messages of devices checked, too?',
  purposes: ['vfio'],
  causes: {
    INTERRUPT_REMAPPING_OFF: {
      blocks: ['vfio'],
      why: 'a device could send any interrupt to the host by writing to memory, so VFIO refuses it (EPERM)',
      next: 'switch interrupt remapping on in firmware, or take intremap=off away; else, for trusted users only: echo options vfio_iommu_type1 allow_unsafe_interrupts=1 >/etc/modprobe.d/vfio.conf',
    },
    INTERRUPTS_UNSAFE: {
      blocks: [],
      why: 'who drives a device can send any interrupt to the host',
      next: 'leave it only where everybody who drives a device is trusted',
    },
  },
  look({ host }) {
    const { remapping } = host;
    if (host.onXen || remapping.state !== 'read') return undefined;
    const option = ['off', 'nosid'].find((word) => host.options.words('intremap').includes(word));
    const lacking =
      host.options.has('nointremap') || option === 'off'
        ? 'it is switched off on the kernel command line'
        : remapping.table.remapsInterrupts === false
          ? 'the table DMAR says that the platform does not have it'
          : undefined;
    if (lacking === undefined) return fine('interrupts are remapped', {});
    const path = '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts';
    const allowed = host.text(path);
    const evidence = { lacking, allow_unsafe_interrupts: allowed ?? 'unknown' };
    const what = `interrupts are not remapped: ${lacking}`;
    if (allowed === 'Y')
      return {
        causes: [{ code: 'INTERRUPTS_UNSAFE', what: `${what}; VFIO was told to do without`, evidence }],
      };
    return { causes: [{ code: 'INTERRUPT_REMAPPING_OFF', what, evidence }] };
  },
});

const secureBoot = hostCheck({
  name: 'secure-boot',
  layer: 'firmware',
  asks: 'Does firmware start signed kernels only?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    SECURE_BOOT: {
      blocks: [],
      why: 'the kernel loads signed modules only, and may be locked down',
      next: 'modules of your own must be signed with a key that firmware knows: mokutil --import',
    },
  },
  look({ host }) {
    if (!host.exists('/sys/firmware/efi')) return fine('no UEFI: there is no secure boot');
    const path = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
    const reading = host.files.read(path);
    // Four bytes of attributes, then the variable.
    if (!('bytes' in reading) || reading.bytes[4] !== 1) return fine('UEFI secure boot is off');
    return { causes: [{ code: 'SECURE_BOOT', what: 'UEFI secure boot is on', evidence: { path } }] };
  },
});

const reservedMemory = functionCheck({
  name: 'reserved-memory',
  layer: 'firmware',
  asks: 'Does firmware go on using memory through the function?',
  purposes: ['vfio', 'xen'],
  causes: {
    RESERVED_MEMORY: {
      blocks: ['vfio'],
      why: 'firmware wants it mapped for the device for ever, so the kernel gives the device to nobody ("ineligible for IOMMU domain attach")',
      next: 'take another function; some makers have a setting for it (HP: the utility conrep, "shared memory" of a slot)',
    },
    RESERVED_MEMORY_RELAXED: {
      blocks: [],
      why: 'the kernel holds it for needed only while the host starts, and lets the device go',
      next: '',
    },
  },
  look({ host, fn }) {
    const group = fn.summary.iommuGroup;
    const told = group === undefined ? [] : reservedRegions(host.groupText(group, 'reserved_regions') ?? '');
    const direct = told.filter(({ type }) => type === 'direct');
    const relaxed = told.filter(({ type }) => type === 'direct-relaxable');
    const { remapping } = host;
    if (group === undefined && remapping.state !== 'read') return undefined;
    const named =
      remapping.state === 'read'
        ? remapping.table.reserved.filter((memory) => isFor(memory, fn.address, host))
        : [];
    const ranges = (found: readonly { first: bigint; last: bigint }[]) =>
      found.map(({ first, last }) => `0x${first.toString(16)}-0x${last.toString(16)}`);
    if (direct.length > 0 || (named.length > 0 && relaxed.length === 0)) {
      const memory = ranges(direct.length > 0 ? direct : named);
      return {
        causes: [
          {
            code: 'RESERVED_MEMORY',
            what: `firmware reserves memory for ${fn.address}: ${memory.join(', ')}`,
            evidence: { memory, told: direct.length > 0 ? 'kernel' : 'firmware' },
          },
        ],
      };
    }
    if (relaxed.length > 0) {
      const memory = ranges(relaxed);
      return {
        causes: [
          {
            code: 'RESERVED_MEMORY_RELAXED',
            what: `firmware used memory for ${fn.address} while the host started: ${memory.join(', ')}`,
            evidence: { memory },
          },
        ],
      };
    }
    return causesOr([], fine('no memory is reserved for it'));
  },
});

/** Lines of `0x… 0x… type`. */
function reservedRegions(
  text: string,
): { readonly first: bigint; readonly last: bigint; readonly type: string }[] {
  return [...text.matchAll(/^(0x[0-9a-f]+) (0x[0-9a-f]+) ([\w-]+)$/gm)].map(
    ([, first = '0', last = '0', type = '']) => ({ first: BigInt(first), last: BigInt(last), type }),
  );
}

function isFor(memory: ReservedMemory, address: PciAddress, host: ExaminedHost): boolean {
  const { domain, bus, devfn } = address;
  const id = (bus << 8) | devfn;
  return (
    memory.ranges.some(({ segment, first, last }) => segment === domain && id >= first && id <= last) ||
    memory.devices.some((path) => addressOf(path, host)?.equals(address) === true)
  );
}

/** Every step but the last is a bridge, whose secondary bus the next one is on; undefined where one is not there. */
function addressOf({ segment, bus, steps }: ScopedPath, host: ExaminedHost): PciAddress | undefined {
  let on = bus;
  for (const [index, step] of steps.entries()) {
    if (step.device > 31 || step.function > 7) return undefined;
    const at = new PciAddress(segment, on, step.device, step.function);
    if (index === steps.length - 1) return at;
    const config = host.files.read(`/sys/bus/pci/devices/${notations.hex.format(at)}/config`);
    const secondary = 'bytes' in config ? config.bytes[SECONDARY_BUS] : undefined;
    if (secondary === undefined || secondary === 0) return undefined;
    on = secondary;
  }
  return undefined;
}

const SECONDARY_BUS = 0x19;

export const firmwareChecks: readonly Check[] = [
  remappingTable,
  interruptRemapping,
  reservedMemory,
  secureBoot,
];
