/** Limits of a process: memory that it may keep in place for DMA, and open files. */
import { fine, hostCheck, type Answer, type Check } from '../check.js';
import type { ExaminedFunction } from '../examined-function.js';
import type { ExaminedHost } from '../examined-host.js';

/** Bytes or numbers; Infinity where there is no limit, undefined where it cannot be read. */
function softLimit(host: ExaminedHost, name: string): number | undefined {
  const line = new RegExp(`^${name}\\s+(\\S+)\\s`, 'm').exec(host.text('/proc/self/limits') ?? '');
  if (line === null) return undefined;
  return line[1] === 'unlimited' ? Infinity : Number(line[1]);
}

/** CAP_IPC_LOCK: who has it keeps as much memory in place as there is. */
const IPC_LOCK = 1n << 14n;

function maySkipLimit(host: ExaminedHost): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(host.text('/proc/self/status') ?? '')?.[1];
  return effective !== undefined && (BigInt(`0x${effective}`) & IPC_LOCK) !== 0n;
}

/** The limit of old kernels, 64 KiB, does not hold the rings of a network card. */
const SMALL = 2 ** 20;

type MemoryCode = 'MEMLOCK_TOO_LOW' | 'MEMLOCK_SMALL';

const memory = hostCheck<MemoryCode>({
  name: 'locked-memory',
  layer: 'limits',
  asks: 'May as much memory be kept in place as DMA will need?',
  purposes: ['vfio'],
  causes: {
    MEMLOCK_TOO_LOW: {
      blocks: ['vfio'],
      why: 'VFIO keeps all memory in place that a device may reach: of a virtual machine the whole; mapping more fails ("Cannot allocate memory")',
      next: '',
    },
    MEMLOCK_SMALL: {
      blocks: [],
      why: 'VFIO keeps in place whatever a device may reach; more fails ("Cannot allocate memory")',
      next: 'raise it by memlock in limits.conf(5), by LimitMEMLOCK= of a service, or in the shell: ulimit -l KILOBYTES; compare with what you need: openslot doctor --pin SIZE',
    },
  },
  look: ({ host }, fn) => lockedMemory(host, fn),
});

function lockedMemory(host: ExaminedHost, fn: ExaminedFunction | undefined): Answer<MemoryCode> {
  const limit = softLimit(host, 'Max locked memory');
  if (limit === undefined) return undefined;
  if (limit === Infinity) return fine('there is no limit');
  if (maySkipLimit(host))
    return fine(`the limit of ${sizeText(limit)} does not hold for this process (CAP_IPC_LOCK)`);
  const { pinned } = host.facts;
  // iommufd counts registers that are mapped for other devices like memory.
  const registers = host.exists('/dev/iommu') ? registerBytes(fn) : 0;
  const needed = (pinned ?? 0) + registers;
  const evidence = { limit, needed, registers };
  if (pinned !== undefined && needed > limit) {
    const more = registers > 0 ? `, and ${sizeText(registers)} of registers count as well` : '';
    const kilobytes = Math.ceil(needed / 1024);
    return {
      causes: [
        {
          code: 'MEMLOCK_TOO_LOW',
          what: `${sizeText(pinned)} are to be mapped for DMA${more}, and this process may keep ${sizeText(limit)} in place`,
          next: `ulimit -l ${kilobytes}; or memlock ${kilobytes} in limits.conf(5), LimitMEMLOCK=${needed} of a service`,
          evidence,
        },
      ],
    };
  }
  if (pinned === undefined && limit < SMALL)
    return {
      causes: [
        {
          code: 'MEMLOCK_SMALL',
          what: `this process may keep no more than ${sizeText(limit)} in place`,
          evidence,
        },
      ],
    };
  const compared =
    pinned === undefined ? '; --pin SIZE compares it with what you need' : `, ${sizeText(needed)} are needed`;
  return fine(`${sizeText(limit)} may be kept in place${compared}`, evidence);
}

function registerBytes(fn: ExaminedFunction | undefined): number {
  const regions = fn?.node.fn.regions ?? [];
  return regions.reduce((sum, { kind, size }) => (kind === 'memory' ? sum + Number(size) : sum), 0);
}

function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${Number(value.toFixed(1))} ${units[unit] ?? 'B'}`;
}

/** Of a program besides its vectors: container, group, device, libraries, its own. */
const ORDINARY_FILES = 64;

const files = hostCheck({
  name: 'open-files',
  layer: 'limits',
  asks: 'May enough files be open, one for each interrupt?',
  purposes: ['vfio'],
  causes: {
    OPEN_FILES_FEW: {
      blocks: ['vfio'],
      why: 'VFIO delivers each interrupt vector by a file descriptor of its own',
      next: 'raise it by nofile in limits.conf(5), by LimitNOFILE= of a service, or in the shell: ulimit -n NUMBER',
    },
  },
  look({ host }, fn) {
    const limit = softLimit(host, 'Max open files');
    if (limit === undefined) return undefined;
    const vectors = fn === undefined ? 1 : (fn.node.fields.raw('msix.control.size') ?? 31) + 1;
    const needed = ORDINARY_FILES + vectors;
    const evidence = { limit: String(limit), vectors, needed };
    if (limit >= needed) return fine(`${limit} may be open`, evidence);
    const what = `${needed} files may be needed (${vectors} vectors), and this process may have ${limit} open`;
    return { causes: [{ code: 'OPEN_FILES_FEW', what, evidence }] };
  },
});

export const limitChecks: readonly Check[] = [memory, files];
