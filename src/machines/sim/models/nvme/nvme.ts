/** `nvme`: an NVM Express 1.4 controller with one namespace, a disk in the memory of the process. */
import type { DeviceKind, FunctionShape } from '../../device-model.js';
import { OptionReader } from '../options.js';
import type { EngineOptions } from './command-engine.js';
import { NvmeController } from './controller.js';
import { SUBSYSTEM_VENDOR, VENDOR } from './identify.js';

const SMALLEST_DISK = 4096;
/** One buffer of a process holds no more on every supported Node. */
const LARGEST_DISK = 2 ** 32;
const DEFAULT_DISK = 16 << 20;
const MOST_QUEUES = 64;

/** `options` of a description, as `nvme` understands them. */
export interface NvmeOptions extends EngineOptions {
  /** Memory that a program handed over, and can look at; undefined: fresh memory. */
  readonly disk: Uint8Array | undefined;
}

/** Ids, class and places of the MSI-X structures are those of QEMU's device, so drivers that know it know this one. */
function shape({ queues }: NvmeOptions): FunctionShape {
  return {
    vendor: VENDOR,
    device: 0x0010,
    subsystemVendor: SUBSYSTEM_VENDOR,
    subsystemDevice: 0x1100,
    classCode: 0x010802,
    revision: 0x02,
    regions: [{ index: 0, kind: 'memory', size: 0x4000, wide: true }],
    pin: 1,
    msix: { vectors: queues + 1, region: 0, table: 0x2000, pending: 0x3000 },
    express: { flr: true },
    powerManagement: true,
  };
}

/**
 * NVM Express Base 1.4. A description gives `size` and `block` in bytes, `queues`, `serial` and `latency` in
 * nanoseconds; a program also `disk`.
 */
export const nvme: DeviceKind<NvmeOptions> = {
  name: 'nvme',
  summary: 'NVMe 1.4 controller with one namespace in memory: PRPs, MSI-X and INTx, up to 64 I/O queue pairs',
  options(given) {
    const read = new OptionReader('nvme', given, ['size', 'disk', 'block', 'queues', 'serial', 'latency']);
    const blockBytes = read.choice('block', [512, 4096], 512);
    const disk = givenDisk(read);
    const name = disk === undefined ? 'size' : 'disk';
    const bytes = disk?.length ?? read.integer('size', SMALLEST_DISK, LARGEST_DISK, DEFAULT_DISK);
    if (bytes % blockBytes !== 0)
      throw read.refusal(name, `${bytes} bytes are no whole blocks of ${blockBytes}`);
    return {
      disk,
      blocks: bytes / blockBytes,
      blockPower: Math.log2(blockBytes),
      queues: read.integer('queues', 1, MOST_QUEUES, MOST_QUEUES),
      serial: read.ascii('serial', 20, 'SIM0001'),
      latency: read.integer('latency', 0, 1_000_000_000, 10_000),
    };
  },
  functions: (options) => [{ function: 0, shape: shape(options) }],
  create: (options, _fn, bus) => {
    const disk = options.disk ?? new Uint8Array(options.blocks * 2 ** options.blockPower);
    return new NvmeController(options, disk, bus);
  },
};

function givenDisk(read: OptionReader): Uint8Array | undefined {
  const disk = read.raw('disk');
  if (disk === undefined) return undefined;
  if (!(disk instanceof Uint8Array) || disk.length === 0) {
    throw read.refusal('disk', 'is memory, a Uint8Array that is not empty, which only a program can give');
  }
  if (read.raw('size') !== undefined) throw read.refusal('size', 'is that of the disk which is given');
  return disk;
}
