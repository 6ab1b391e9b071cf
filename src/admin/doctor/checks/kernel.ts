/** The running kernel: lockdown, strict access to memory, and the user who asks. */
import { fine, functionCheck, hostCheck, type Check } from '../check.js';

const lockdown = hostCheck({
  name: 'lockdown',
  layer: 'kernel',
  asks: 'Does the kernel let root at the registers?',
  purposes: ['xen', 'proto'],
  causes: {
    LOCKDOWN: {
      blocks: ['xen', 'proto'],
      why: 'the kernel refuses writes to configuration space and mapped registers through sysfs, to root as well (EPERM); VFIO goes on',
      next: 'switch secure boot off, or boot without lockdown=; with an IOMMU: openslot claim --for vfio ADDRESS',
    },
  },
  look({ host }) {
    const path = '/sys/kernel/security/lockdown';
    const text = host.text(path);
    const mode = /\[(\w+)\]/.exec(text ?? '')?.[1];
    if (mode === undefined || mode === 'none')
      return fine(text === undefined ? 'this kernel knows no lockdown' : 'the kernel is not locked down');
    return { causes: [{ code: 'LOCKDOWN', what: `lockdown is ${mode}`, evidence: { path, mode } }] };
  },
});

const strictMemory = functionCheck({
  name: 'strict-memory',
  layer: 'kernel',
  asks: 'Can the registers in memory be mapped?',
  purposes: ['proto'],
  causes: {
    MEMORY_STRICT: {
      blocks: [],
      why: 'CONFIG_IO_STRICT_DEVMEM keeps programs from registers that a driver has asked for (mmap: EINVAL)',
      next: '',
    },
  },
  look({ host, fn }) {
    if (fn.isBridge) return undefined;
    const strict =
      host.config('CONFIG_IO_STRICT_DEVMEM') === 'y' && !host.options.words('iomem').includes('relaxed');
    const driven = fn.driver !== undefined && !['vfio-pci', 'uio_pci_generic', 'pciback'].includes(fn.driver);
    if (!strict || !driven) return fine('nothing keeps programs from mapping them');
    return {
      causes: [
        {
          code: 'MEMORY_STRICT',
          what: `${fn.driver ?? ''} has asked for the registers of ${fn.address}`,
          next: `iomem=relaxed on the kernel command line lets programs at them beside the driver; take them from it: openslot claim ${fn.name}`,
          evidence: { driver: fn.driver ?? '', option: 'CONFIG_IO_STRICT_DEVMEM' },
        },
      ],
    };
  },
});

const user = hostCheck({
  name: 'user',
  layer: 'kernel',
  asks: 'May this user change the host?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    USER_UNPRIVILEGED: {
      blocks: [],
      why: 'claim, release and attach need root; the kernel also shows 64 bytes of configuration space alone',
      next: 'as root it sees more: openslot doctor',
    },
  },
  look({ host }) {
    const { uid } = host.facts.user;
    if (uid === 0) return fine('root may');
    return { causes: [{ code: 'USER_UNPRIVILEGED', what: `user ${uid} is not root`, evidence: { uid } }] };
  },
});

export const kernelChecks: readonly Check[] = [lockdown, strictMemory, user];
