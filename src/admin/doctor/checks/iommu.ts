/** The IOMMU at work: groups, what keeps it off, and who else is in the function's group. */
import { BESIDE_VFIO, type FunctionSummary } from '../../../function/index.js';
import type { FunctionNode } from '../../../look/index.js';
import { className, notations } from '../../../pci/index.js';
import { fine, functionCheck, hostCheck, type Check, type FunctionSubject } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';

const groups = hostCheck({
  name: 'iommu',
  layer: 'IOMMU',
  asks: 'Does the IOMMU keep devices apart now?',
  purposes: ['vfio'],
  causes: {
    IOMMU_OFF: {
      blocks: ['vfio'],
      why: 'the kernel has no IOMMU groups: VFIO gives no function away',
      next: 'dmesg | grep -i -e DMAR -e AMD-Vi -e iommu',
    },
    IOMMU_KEPT_BY_XEN: {
      blocks: ['vfio'],
      why: 'Xen keeps the IOMMU for itself and shows it to no domain',
      next: 'boot without Xen for VFIO; for guests of Xen: openslot claim ADDRESS',
    },
    IOMMU_BYPASSED: {
      blocks: [],
      why: 'vfio was told to give functions away without an IOMMU: their DMA reaches all memory, and openslot does not use it',
      next: 'echo N >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode',
    },
  },
  look({ host }) {
    const { groups: numbers } = host;
    if (host.onXen)
      return {
        causes: [
          {
            code: 'IOMMU_KEPT_BY_XEN',
            what: 'this domain has no IOMMU: the host runs Xen',
            evidence: { hypervisor: 'xen' },
          },
        ],
      };
    const bypassed = host.text('/sys/module/vfio/parameters/enable_unsafe_noiommu_mode') === 'Y';
    const real = numbers.filter((group) => host.groupText(group, 'name') !== 'vfio-noiommu');
    if (real.length > 0 && !bypassed) {
      const types = [...new Set(real.flatMap((group) => host.groupText(group, 'type') ?? []))];
      const how = types.length === 0 ? '' : `, default domains: ${types.join(', ')}`;
      return fine(`${real.length} group${real.length === 1 ? '' : 's'}${how}`, {
        groups: real.length,
        types,
      });
    }
    if (bypassed)
      return {
        causes: [
          {
            code: 'IOMMU_BYPASSED',
            what: 'enable_unsafe_noiommu_mode of vfio is on',
            evidence: { groups: real.length },
          },
        ],
      };
    return {
      causes: [
        {
          code: 'IOMMU_OFF',
          what: '/sys/kernel/iommu_groups is empty',
          evidence: { groups: 0 },
          ...causeAbove(host),
        },
      ],
    };
  },
});

/** Where a layer above has found the reason already, it has the next command as well. */
function causeAbove(host: ExaminedHost): { readonly next?: string } {
  const known = host.remapping.state === 'absent' || offWords(host).length > 0 || lacksIntelOption(host);
  return known ? { next: 'mend what is said above of firmware and the command line, and reboot' } : {};
}

/** Options that keep the kernel from using an IOMMU. */
export function offWords(host: ExaminedHost): readonly string[] {
  return ['iommu', 'intel_iommu', 'amd_iommu'].flatMap((name) =>
    host.options.words(name).includes('off') ? [`${name}=off`] : [],
  );
}

/** An IOMMU of Intel stays off until the command line, or the kernel's configuration, says that it shall be on. */
export function lacksIntelOption(host: ExaminedHost): boolean {
  const { remapping } = host;
  return (
    remapping.state === 'read' &&
    remapping.table.kind === 'DMAR' &&
    !host.options.words('intel_iommu').includes('on') &&
    host.config('CONFIG_INTEL_IOMMU_DEFAULT_ON') !== 'y'
  );
}

const group = functionCheck({
  name: 'group',
  layer: 'IOMMU',
  asks: 'Can the IOMMU tell the function from the others?',
  purposes: ['vfio'],
  causes: {
    GROUP_NOT_VIABLE: {
      blocks: ['vfio'],
      why: 'the IOMMU cannot tell them apart, so VFIO gives the function to nobody while the host drives another of its group',
      next: '',
    },
    FUNCTION_UNTRANSLATED: {
      blocks: ['vfio'],
      why: 'VFIO gives no function away that no IOMMU translates',
      next: 'take a function in another place; without an IOMMU, and without DMA: openslot claim --for uio ADDRESS',
    },
  },
  look({ host, fn }) {
    if (host.groups.length === 0 || fn.isBridge) return undefined;
    const number = fn.summary.iommuGroup;
    if (number === undefined)
      return {
        causes: [
          {
            code: 'FUNCTION_UNTRANSLATED',
            what: `${fn.address} is in no IOMMU group, others are`,
            evidence: { groups: host.groups.length },
          },
        ],
      };
    const others = host.inGroup(number).filter(({ address }) => !address.equals(fn.address));
    const inTheWay = others.filter(({ driver }) => driver !== undefined && !BESIDE_VFIO.has(driver));
    if (inTheWay.length === 0) {
      const with_ =
        others.length === 0
          ? 'alone'
          : `with ${others.map(({ address }) => address).join(', ')}, which are not in the way`;
      return fine(`it is in group ${number}, ${with_}`, {
        group: number,
        others: others.map(({ address }) => String(address)),
      });
    }
    return {
      causes: [
        {
          code: 'GROUP_NOT_VIABLE',
          what: `${fn.address} is in IOMMU group ${number} with functions that the host drives: ${inTheWay.map(memberText).join(', ')}`,
          details: reasons({ host, fn }),
          next: inTheWay
            .map(({ address }) => `openslot claim --for vfio ${notations.shortHex.format(address)}`)
            .join('; '),
          evidence: {
            group: number,
            others: inTheWay.map(({ address, driver }) => `${address} ${driver ?? ''}`),
          },
        },
      ],
    };
  },
});

function memberText({ address, classCode, driver }: FunctionSummary): string {
  return `${address} (${className(classCode)}, ${driver ?? 'no driver'})`;
}

/** Why the group is that large: what on the way to the root lets functions reach each other past the IOMMU. */
function reasons({ fn }: Pick<FunctionSubject, 'host' | 'fn'>): string[] {
  const lacking = fn.path.filter((bridge) => !keepsApart(bridge));
  const said = lacking.map(({ fn: { address }, fields }) =>
    fields.has('pcie')
      ? `the port ${address} does not send requests between its neighbours up to the IOMMU (no access control, ACS)`
      : `behind ${address}, a bridge to conventional PCI, requests do not tell who made them`,
  );
  const siblings = fn.topology
    .onBusOf(fn.node.fn)
    .filter((other) => other !== fn.node && other.fn.address.device === fn.address.device);
  if (siblings.length > 0 && !keepsApart(fn.node))
    said.push('functions of one device without access control (ACS) may reach each other inside it');
  return said;
}

function keepsApart({ fields }: FunctionNode): boolean {
  const needed = ['source_validation', 'request_redirect', 'completion_redirect', 'upstream_forwarding'];
  return needed.every((name) => fields.isSet(`acs.control.${name}`));
}

export const iommuChecks: readonly Check[] = [groups, group];
