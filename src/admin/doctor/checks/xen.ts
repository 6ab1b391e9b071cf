/** Xen: the hypervisor, the kind of domain 0, its device files, XenStore, its IOMMU, and what pciback lets through. */
import { causesOr, fine, hostCheck, type Check, type Found, type Subject } from '../check.js';
import { toolStack, version } from './xen-versions.js';

function runs({ host }: Pick<Subject, 'host'>): boolean {
  return host.onXen;
}

const hypervisor = hostCheck({
  name: 'hypervisor',
  layer: 'Xen',
  asks: 'Does Xen run, and is this its control domain?',
  purposes: ['xen'],
  causes: {
    XEN_ABSENT: {
      blocks: ['xen'],
      why: 'guests of Xen are made by Xen, below this kernel',
      next: "choose Xen's entry in the boot loader's menu; see all of it without: openslot demo",
    },
    XEN_CAPABILITIES_MISSING: {
      blocks: ['xen'],
      why: 'the kernel tells there what this domain may do',
      next: 'mount -t xenfs xenfs /proc/xen',
    },
    XEN_GUEST: {
      blocks: ['xen'],
      why: 'functions of the host are handed over by domain 0',
      next: 'run it in domain 0',
    },
    XEN_DOM0_PVH: {
      blocks: [],
      why: 'handing functions over from there is young in Xen and in Linux: xen-pciback and openslot are made for a PV one',
      next: "take dom0=pvh out of Xen's own options, and reboot",
    },
  },
  look({ host }) {
    if (!host.onXen) {
      const seen = host.text('/sys/hypervisor/type') ?? 'absent';
      return {
        causes: [
          {
            code: 'XEN_ABSENT',
            what: `this system does not run on Xen (/sys/hypervisor/type: ${seen})`,
            evidence: { seen },
          },
        ],
      };
    }
    const capabilities = host.text('/proc/xen/capabilities');
    if (capabilities === undefined)
      return {
        causes: [
          {
            code: 'XEN_CAPABILITIES_MISSING',
            what: '/proc/xen/capabilities is not there',
            evidence: { path: '/proc/xen/capabilities' },
          },
        ],
      };
    if (!capabilities.includes('control_d'))
      return {
        causes: [
          { code: 'XEN_GUEST', what: 'this is a guest of Xen, not its domain 0', evidence: { capabilities } },
        ],
      };
    const kind = host.text('/sys/hypervisor/guest_type');
    const version = host.xenVersion ?? '?';
    if (kind === 'PVH' || kind === 'HVM')
      return { causes: [{ code: 'XEN_DOM0_PVH', what: `domain 0 is of kind ${kind}`, evidence: { kind } }] };
    return fine(`Xen ${version}, domain 0${kind === undefined ? '' : ` (${kind})`}`, {
      version,
      kind: kind ?? 'unknown',
    });
  },
});

const FILES = [
  { path: '/dev/xen/privcmd', module: 'xen-privcmd' },
  { path: '/dev/xen/evtchn', module: 'xen-evtchn' },
  { path: '/dev/xen/gntdev', module: 'xen-gntdev' },
] as const;

const files = hostCheck({
  name: 'xen-files',
  layer: 'Xen',
  asks: "Are Xen's device files there?",
  purposes: ['xen'],
  causes: {
    XEN_FILE_MISSING: {
      blocks: ['xen'],
      why: 'hypercalls, event channels and grants go through it',
      next: '',
    },
    XEN_FILE_CLOSED: {
      blocks: ['xen'],
      why: 'hypercalls, event channels and grants go through it',
      next: 'run it as root',
    },
  },
  look({ host }) {
    if (!runs({ host })) return undefined;
    const causes = FILES.flatMap(({ path, module }): Found<'XEN_FILE_MISSING' | 'XEN_FILE_CLOSED'>[] => {
      if (!host.exists(path))
        return [
          {
            code: 'XEN_FILE_MISSING',
            what: `${path} is not there`,
            next: `modprobe ${module}`,
            evidence: { path, module },
          },
        ];
      if (host.files.opens(path)) return [];
      return [{ code: 'XEN_FILE_CLOSED', what: `this user may not open ${path}`, evidence: { path } }];
    });
    return causesOr(causes, fine(FILES.map(({ path }) => path).join(', ')));
  },
});

const store = hostCheck({
  name: 'xenstore',
  layer: 'Xen',
  asks: 'Does XenStore answer?',
  purposes: ['xen'],
  causes: {
    XENSTORE_SILENT: {
      blocks: ['xen'],
      why: 'guests, tool stacks and back ends meet there',
      next: 'systemctl start xenstored; systemctl status xen-init-dom0',
    },
    XENSTORE_DOMAIN_UNKNOWN: {
      blocks: ['xen'],
      why: 'back ends find their guests below the number of their own domain',
      next: 'xen-init-dom0',
    },
  },
  look({ host }) {
    const answers = host.facts.xen;
    if (!runs({ host }) || answers === undefined) return undefined;
    const { store: why, domainKnown } = answers;
    if (why !== undefined)
      return {
        causes: [{ code: 'XENSTORE_SILENT', what: `XenStore does not answer: ${why}`, evidence: { why } }],
      };
    if (domainKnown) return fine('it answers');
    return {
      causes: [
        {
          code: 'XENSTORE_DOMAIN_UNKNOWN',
          what: 'XenStore does not say which domain this is (key domid)',
          evidence: { path: 'domid' },
        },
      ],
    };
  },
});

const iommu = hostCheck({
  name: 'xen-iommu',
  layer: 'Xen',
  asks: 'Has Xen an IOMMU?',
  purposes: ['xen'],
  causes: {
    XEN_WITHOUT_IOMMU: {
      blocks: ['xen'],
      why: 'a guest that drives a device could read and write all memory through it; xl refuses pci=[…] ("passthrough not supported on this platform")',
      next: "switch Intel VT-d or AMD-Vi on in the set-up of firmware, and take iommu=0 out of Xen's own options; xl dmesg | grep -i -e iommu -e 'I/O virt'",
    },
  },
  look({ host }) {
    if (!runs({ host }) || host.facts.xen?.translates === undefined) return undefined;
    if (host.facts.xen.translates) return fine('Xen translates what devices do');
    return {
      causes: [
        {
          code: 'XEN_WITHOUT_IOMMU',
          what: 'Xen has no IOMMU at work',
          evidence: { virt_caps: 'no pv_directio' },
        },
      ],
    };
  },
});

const pciback = hostCheck({
  name: 'pciback',
  layer: 'Xen',
  asks: 'What does the kernel let guests write?',
  purposes: ['xen'],
  causes: {
    PCIBACK_PERMISSIVE: {
      blocks: [],
      why: 'guests of the kernel’s back end write what they like into configuration space: other addresses, other vectors',
      next: 'take permissive=1 away; let through what is listed: openslot serve; find what a guest needs: openslot policy learn TRACE',
    },
  },
  look({ host }) {
    if (!runs({ host })) return undefined;
    const path = '/sys/module/xen_pciback/parameters/permissive';
    const value = host.text(path);
    if (value === undefined) return undefined;
    if (value !== 'Y' && value !== '1') return fine('xen-pciback filters what guests write');
    return {
      causes: [
        {
          code: 'PCIBACK_PERMISSIVE',
          what: 'permissive of xen-pciback is on for all functions',
          evidence: { path },
        },
      ],
    };
  },
});

export const xenChecks: readonly Check[] = [hypervisor, version, files, store, iommu, toolStack, pciback];
