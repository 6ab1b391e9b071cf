/** Xen: the hypervisor, the kind of domain 0, its device files, XenStore, its IOMMU, and the tool stack's version. */
import { causesOr, fine, hostCheck, type Check, type Found, type Subject } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';

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

const LIBRARY_FOLDERS = [
  '/usr/local/lib',
  '/usr/lib',
  '/lib',
  '/usr/lib64',
  '/lib64',
  '/usr/lib/x86_64-linux-gnu',
  '/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
];

const version = hostCheck({
  name: 'xen-version',
  layer: 'Xen',
  asks: "Does openslot know this Xen's interface?",
  purposes: ['xen'],
  causes: {
    XEN_VERSION_UNKNOWN: {
      blocks: ['xen'],
      why: "libxenctrl's interface changes with each Xen, and openslot calls none that it does not know",
      next: '',
    },
    LIBXENCTRL_MISSING: {
      blocks: ['xen'],
      why: 'permissions and the IOMMU are set through it',
      next: '',
    },
  },
  look({ host }) {
    const running = host.xenVersion;
    const { knownXen } = host.facts;
    if (!runs({ host }) || running === undefined || knownXen.length === 0) return undefined;
    if (!knownXen.includes(running))
      return {
        causes: [
          {
            code: 'XEN_VERSION_UNKNOWN',
            what: `Xen ${running} runs, and openslot knows ${knownXen.join(', ')}`,
            next: `let xl hand functions over: pci=[…] in the guest's configuration; or run one of ${knownXen.join(', ')}`,
            evidence: { running, known: knownXen },
          },
        ],
      };
    const library = `libxenctrl.so.${running}`;
    const folders = [
      ...LIBRARY_FOLDERS,
      `/usr/lib/xen-${running}/lib`,
      `/usr/lib/xen-${running}/lib/x86_64-linux-gnu`,
    ];
    const folder = folders.find((one) => host.exists(`${one}/${library}`));
    if (folder !== undefined) return fine(`Xen ${running} is known, with ${folder}/${library}`, { running });
    return {
      causes: [
        {
          code: 'LIBXENCTRL_MISSING',
          what: `${library} is not installed`,
          next: `install the libraries of Xen ${running} (Debian: libxenmisc${running})`,
          evidence: { library, folders },
        },
      ],
    };
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

const toolStack = hostCheck({
  name: 'tool-stack',
  layer: 'Xen',
  asks: 'Is xl there, and of the Xen that runs?',
  purposes: ['xen'],
  causes: {
    XL_MISSING: {
      blocks: [],
      why: 'guests are made by it',
      next: 'install xen-utils, or another tool stack of libxl',
    },
    XL_OF_ANOTHER_XEN: {
      blocks: ['xen'],
      why: 'libxl and the hypervisor must be of one version: every command fails after an upgrade of one of them',
      next: '',
    },
  },
  look({ host }) {
    if (!runs({ host })) return undefined;
    const running = host.xenVersion ?? '?';
    const versions = toolVersions(host);
    if (versions.includes(running)) return fine(`xl of Xen ${running}`, { versions });
    if (versions.length > 0)
      return {
        causes: [
          {
            code: 'XL_OF_ANOTHER_XEN',
            what: `Xen ${running} runs, and xl is installed of ${versions.join(', ')}`,
            next: `reboot into Xen ${versions.at(-1) ?? ''}, or install xen-utils-${running}`,
            evidence: { running, versions },
          },
        ],
      };
    const path = ['/usr/sbin/xl', '/usr/local/sbin/xl'].find((file) => host.exists(file));
    // One that was built from source does not say its version in its place.
    if (path !== undefined) return fine(path);
    return { causes: [{ code: 'XL_MISSING', what: 'xl is not installed', evidence: { running } }] };
  },
});

/** Debian installs the tools of several versions beside each other: /usr/lib/xen-4.17/bin/xl. */
function toolVersions(host: ExaminedHost): readonly string[] {
  return (host.files.list('/usr/lib') ?? []).flatMap((name) => {
    const found = /^xen-(\d+\.\d+)$/.exec(name)?.[1];
    return found !== undefined && host.exists(`/usr/lib/${name}/bin/xl`) ? [found] : [];
  });
}

const pciback = hostCheck({
  name: 'pciback',
  layer: 'Xen',
  asks: 'What does the kernel let guests write?',
  purposes: ['xen'],
  causes: {
    PCIBACK_PERMISSIVE: {
      blocks: [],
      why: 'guests of the kernel’s back end write what they like into configuration space: other addresses, other vectors',
      next: 'take permissive=1 away; what is listed is let through; find what a guest needs: openslot policy learn TRACE',
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
