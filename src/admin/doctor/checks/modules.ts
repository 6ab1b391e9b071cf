/** Kernel modules: what each purpose needs, and where that stands. */
import { causesOr, fine, hostCheck, type Check, type Found, type Purpose } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';
import type { ModuleState } from '../kernel-modules.js';

interface NeededModule {
  readonly name: string;
  readonly purpose: Purpose;
  /** What it is for, in words. */
  readonly does: string;
  /** `needed`: nothing goes without it, and nobody else loads it. `by-itself`: the kernel loads it. `better`: it goes without. */
  readonly how: 'needed' | 'by-itself' | 'better';
}

const NEEDED: readonly NeededModule[] = [
  { name: 'vfio-pci', purpose: 'vfio', does: 'holds functions for VFIO', how: 'needed' },
  { name: 'vfio_iommu_type1', purpose: 'vfio', does: 'maps memory for DMA', how: 'by-itself' },
  { name: 'fuse', purpose: 'proto', does: 'is the file system of programs', how: 'by-itself' },
  {
    name: 'uio_pci_generic',
    purpose: 'proto',
    does: 'gives interrupts where there is no VFIO',
    how: 'better',
  },
  { name: 'xen-privcmd', purpose: 'xen', does: 'makes hypercalls', how: 'needed' },
  { name: 'xen-evtchn', purpose: 'xen', does: 'makes event channels', how: 'needed' },
  { name: 'xen-gntdev', purpose: 'xen', does: 'maps pages of guests', how: 'needed' },
  {
    name: 'xen-pciback',
    purpose: 'xen',
    does: 'holds functions for guests, so that xl sees them',
    how: 'better',
  },
];

type Code =
  | 'KERNEL_WITHOUT_MODULES'
  | 'MODULES_NOT_INSTALLED'
  | 'MODULE_LOADING_OFF'
  | 'MODULE_MISSING'
  | 'MODULE_FORBIDDEN'
  | 'MODULE_BLACKLISTED'
  | 'MODULE_NOT_LOADED';

const modules = hostCheck<Code>({
  name: 'modules',
  layer: 'modules',
  asks: 'Are the kernel modules there that are needed?',
  purposes: ['vfio', 'proto', 'xen'],
  causes: {
    KERNEL_WITHOUT_MODULES: {
      blocks: [],
      why: 'what is not built into it cannot be had',
      next: 'boot a kernel with modules (CONFIG_MODULES), or one with these drivers built in',
    },
    MODULES_NOT_INSTALLED: {
      blocks: [],
      why: 'an upgrade has replaced the kernel that still runs, or depmod never ran: nothing more can be loaded',
      next: 'reboot into the installed kernel; where this one is installed: depmod',
    },
    MODULE_LOADING_OFF: {
      blocks: [],
      why: 'the kernel loads no module any more until it boots again',
      next: 'load the modules before loading is switched off: /etc/modules-load.d/openslot.conf, and reboot',
    },
    MODULE_MISSING: {
      blocks: [],
      why: 'this kernel was built without it, or its package is split',
      next: 'install the package with more modules of the kernel (Debian and Ubuntu: linux-modules-extra), or another kernel',
    },
    MODULE_FORBIDDEN: {
      blocks: [],
      why: 'it is not loaded even when it is asked for by its name',
      next: 'take that line away, then modprobe it',
    },
    MODULE_BLACKLISTED: {
      blocks: [],
      why: 'nothing loads it by itself, at the boot neither; by its name modprobe still does',
      next: '',
    },
    MODULE_NOT_LOADED: {
      blocks: [],
      why: 'nobody loads it by itself',
      next: '',
    },
  },
  look({ host, purposes }) {
    const needed = NEEDED.filter(({ purpose }) => purposes.has(purpose));
    const states = needed.map((module) => ({ module, state: host.modules.stateOf(module.name) }));
    const here = states.filter(({ module, state }) => isHere(module, state));
    const lacking = states.filter(({ module, state }) => !isHere(module, state));
    const known = here.map(({ module, state }) => `${module.name} (${state.kind})`);
    return causesOr(causesOf(lacking, host), fine(known.join(', '), { modules: known }));
  },
});

interface Stands {
  readonly module: NeededModule;
  readonly state: ModuleState;
}

function isHere({ how }: NeededModule, { kind }: ModuleState): boolean {
  if (kind === 'loaded' || kind === 'built-in') return true;
  return how === 'by-itself' && (kind === 'available' || kind === 'blacklisted');
}

/** One reason for all where no module can be loaded; else each module has its own. */
function causesOf(lacking: readonly Stands[], host: ExaminedHost): Found<Code>[] {
  if (lacking.length === 0) return [];
  const names = lacking.map(({ module }) => module.name);
  const blocks = blockedBy(lacking);
  const evidence = { modules: names, kernel: host.release };
  const details = lacking.map(({ module }) => `${module.name} ${module.does}`);
  const list = names.join(', ');
  const { modules: kernel } = host;
  if (!kernel.supported)
    return [
      {
        code: 'KERNEL_WITHOUT_MODULES',
        what: `the kernel ${host.release} was built without modules, and has no ${list}`,
        details,
        blocks,
        evidence,
      },
    ];
  if (!kernel.installed)
    return [
      {
        code: 'MODULES_NOT_INSTALLED',
        what: `${kernel.folder}/modules.dep is not there, and ${list} not loaded`,
        details: [...details, ...othersOf(kernel.others)],
        blocks,
        evidence,
      },
    ];
  if (kernel.lockedBy !== undefined)
    return [
      {
        code: 'MODULE_LOADING_OFF',
        what: `${kernel.lockedBy}, and ${list} not loaded`,
        details,
        blocks,
        evidence,
      },
    ];
  return lacking.map((one) => causeOf(one));
}

function othersOf(releases: readonly string[]): string[] {
  return releases.length === 0 ? [] : [`modules are installed of ${releases.join(', ')}`];
}

function blockedBy(lacking: readonly Stands[]): Purpose[] {
  const needed = lacking.filter(({ module }) => module.how !== 'better');
  return [...new Set(needed.map(({ module }) => module.purpose))];
}

function causeOf({ module, state }: Stands): Found<Code> {
  const { name, does } = module;
  const blocks = blockedBy([{ module, state }]);
  const load = `modprobe ${name}; at each boot: echo ${name} >/etc/modules-load.d/${name}.conf`;
  switch (state.kind) {
    case 'forbidden':
      return {
        code: 'MODULE_FORBIDDEN',
        what: `${name}, which ${does}, is kept out by ${state.by}`,
        blocks,
        evidence: { module: name, by: state.by },
      };
    case 'blacklisted':
      return {
        code: 'MODULE_BLACKLISTED',
        what: `${name}, which ${does}, is not loaded, and blacklisted by ${state.by}`,
        next: `modprobe ${name}; for each boot take that line away as well`,
        blocks,
        evidence: { module: name, by: state.by },
      };
    case 'missing':
      return {
        code: 'MODULE_MISSING',
        what: `there is no ${name}, which ${does}`,
        blocks,
        evidence: { module: name },
      };
    default:
      return {
        code: 'MODULE_NOT_LOADED',
        what: `${name}, which ${does}, is not loaded`,
        next: load,
        blocks,
        evidence: { module: name },
      };
  }
}

export const moduleChecks: readonly Check[] = [modules];
