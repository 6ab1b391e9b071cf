/** What is installed for the Xen that runs: its library, whose interface changes with each version, and its tool stack. */
import { fine, hostCheck } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';

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

export const version = hostCheck({
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
    if (!host.onXen || running === undefined || knownXen.length === 0) return undefined;
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

export const toolStack = hostCheck({
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
    if (!host.onXen) return undefined;
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
