/** The NVMe controller as its registers show it: how it starts, stops and fails (NVM Express 1.4, 3.1 and 7.6). */
import type { DeviceModel, ModelBus, Timer } from '../../device-model.js';
import { fromLanes } from '../lanes.js';
import { CommandEngine, type AdminQueues, type EngineOptions } from './command-engine.js';
import { NVME_VERSION } from './identify.js';
import { LARGEST_QUEUE } from './queue-table.js';
import * as at from './registers.js';

/** Contiguous queues of up to {@link LARGEST_QUEUE} entries, ready within 1 s. */
const CAPABILITIES_LOW = (2 << 24) | (1 << 16) | (LARGEST_QUEUE - 1);
/** The NVM command set; doorbells without a gap; pages of 4096 bytes alone. */
const CAPABILITIES_HIGH = 1 << (37 - 32);

const ENABLE = 1;
const SHUTDOWN = 0xc000;
/** Command set, page size and arbitration: this controller has what 0 stands for. */
const CHOICES = 0x3ff0;
const CC_WRITABLE = 0x00ff_fff1;
const ENTRY_SIZES = 0x00ff_0000;
/** I/O queue entries of 2^6 and 2^4 bytes. */
const ENTRY_SIZES_HERE = 0x0046_0000;
const AQA_WRITABLE = 0x0fff_0fff;
const PAGE_WRITABLE = 0xffff_f000;

const READY = 1;
const FATAL = 2;
const SHUTDOWN_UNDER_WAY = 1 << 2;
const SHUTDOWN_COMPLETE = 2 << 2;

const START_NANOSECONDS = 1_000_000;
const SHUTDOWN_NANOSECONDS = 1_000_000;

export class NvmeController implements DeviceModel {
  readonly #bus: ModelBus;
  readonly #engine: CommandEngine;
  #start: Timer | undefined;
  #shutdown: Timer | undefined;
  #configuration = 0;
  #status = 0;
  #adminSizes = 0;
  #submissionLow = 0;
  #submissionHigh = 0;
  #completionLow = 0;
  #completionHigh = 0;

  constructor(options: EngineOptions, disk: Uint8Array, bus: ModelBus) {
    this.#bus = bus;
    this.#engine = new CommandEngine(options, disk, bus, () => {
      this.#status |= FATAL;
    });
  }

  /** A part of a register reads as that part. */
  read(_region: number, offset: number, width: 1 | 2 | 4): number {
    return fromLanes(offset, width, this.#register(offset & ~3));
  }

  /** Registers are written whole or by halves of 4 bytes; what narrower writes do is not defined: nothing, here. */
  write(_region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    if (width !== 4) return;
    if (offset >= at.DOORBELLS) {
      const id = (offset - at.DOORBELLS) >>> 3;
      if ((offset & 4) === 0) this.#engine.tailDoorbell(id, value & 0xffff);
      else this.#engine.headDoorbell(id, value & 0xffff);
      return;
    }
    switch (offset) {
      case at.INTMS:
        this.#engine.mask |= value;
        break;
      case at.INTMC:
        this.#engine.mask &= ~value;
        break;
      case at.CC:
        this.#configure(value & CC_WRITABLE);
        break;
      case at.AQA:
        this.#adminSizes = value & AQA_WRITABLE;
        break;
      case at.ASQ:
        this.#submissionLow = (value & PAGE_WRITABLE) >>> 0;
        break;
      case at.ASQ_HIGH:
        this.#submissionHigh = value;
        break;
      case at.ACQ:
        this.#completionLow = (value & PAGE_WRITABLE) >>> 0;
        break;
      case at.ACQ_HIGH:
        this.#completionHigh = value;
        break;
    }
  }

  /** All but the disk, which keeps its content as disks do. */
  reset(): void {
    this.#stop(false);
    this.#configuration = this.#adminSizes = 0;
    this.#submissionLow = this.#submissionHigh = this.#completionLow = this.#completionHigh = 0;
  }

  #register(offset: number): number {
    switch (offset) {
      case at.CAP:
        return CAPABILITIES_LOW;
      case at.CAP_HIGH:
        return CAPABILITIES_HIGH;
      case at.VS:
        return NVME_VERSION;
      case at.INTMS:
      case at.INTMC:
        return this.#engine.mask;
      case at.CC:
        return this.#configuration;
      case at.CSTS:
        return this.#status;
      case at.AQA:
        return this.#adminSizes;
      case at.ASQ:
        return this.#submissionLow;
      case at.ASQ_HIGH:
        return this.#submissionHigh;
      case at.ACQ:
        return this.#completionLow;
      case at.ACQ_HIGH:
        return this.#completionHigh;
      default:
        return 0;
    }
  }

  #configure(configuration: number): void {
    const before = this.#configuration;
    this.#configuration = configuration;
    this.#engine.entrySizesSet = (configuration & ENTRY_SIZES) === ENTRY_SIZES_HERE;
    const isEnabled = (configuration & ENABLE) !== 0;
    if (isEnabled !== ((before & ENABLE) !== 0)) {
      if (isEnabled) this.#begin();
      else this.#stop(true);
    } else if (isEnabled && (before & SHUTDOWN) === 0 && (configuration & SHUTDOWN) !== 0) {
      this.#shutDown();
    }
  }

  #begin(): void {
    const queues: AdminQueues = {
      submissionBase: (BigInt(this.#submissionHigh) << 32n) | BigInt(this.#submissionLow),
      submissionEntries: (this.#adminSizes & 0xfff) + 1,
      completionBase: (BigInt(this.#completionHigh) << 32n) | BigInt(this.#completionLow),
      completionEntries: (this.#adminSizes >>> 16) + 1,
    };
    // A queue of one entry could hold nothing: full and empty would be the same.
    const canStart =
      (this.#configuration & CHOICES) === 0 && queues.submissionEntries >= 2 && queues.completionEntries >= 2;
    if (!canStart) {
      this.#status |= FATAL;
      return;
    }
    this.#start = this.#bus.after(START_NANOSECONDS, () => {
      this.#engine.start(queues);
      this.#status |= READY;
    });
  }

  /** A second notification while one is under way, or after it, is none. */
  #shutDown(): void {
    if ((this.#status & (SHUTDOWN_UNDER_WAY | SHUTDOWN_COMPLETE)) !== 0) return;
    this.#status |= SHUTDOWN_UNDER_WAY;
    this.#shutdown = this.#bus.after(SHUTDOWN_NANOSECONDS, () => {
      this.#status = (this.#status & ~SHUTDOWN_UNDER_WAY) | SHUTDOWN_COMPLETE;
    });
  }

  /** The registers of the admin queues stay, as a controller reset leaves them. */
  #stop(keepErrors: boolean): void {
    this.#start?.cancel();
    this.#shutdown?.cancel();
    this.#engine.stop(keepErrors);
    this.#status = 0;
  }
}
