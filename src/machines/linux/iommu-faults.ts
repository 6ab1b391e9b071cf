/** DMA that the host's IOMMU stopped, as the kernel's log tells of it: no other interface of Linux does. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { IommuFault, IommuFaultReports, Iova } from '../../function/index.js';
import { onReadable, seekToEnd, type Readiness } from '../../os/index.js';
import { addressOf, errnoOf } from './sysfs.js';

const LOG = '/dev/kmsg';
/** Bytes of the longest record (linux/kernel/printk: PRINTK_MESSAGE_MAX). */
const LONGEST_RECORD = 2048;
/** Records of one turn of the event loop. */
const MOST_RECORDS = 64;

/** Intel (linux/drivers/iommu/intel/dmar.c): the address has had no 0x, and a function no segment, for long. */
const INTEL =
  /DMAR: \[DMA (Read|Write)[^\]]*\] Request device \[((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\](?: PASID [0-9a-f]+)? fault addr (?:0x)?([0-9a-f]+)/i;
/** AMD (linux/drivers/iommu/amd/iommu.c): of a known device the driver's name and its address come before. */
const AMD =
  /(?:^| )(?:[^ ]+ ([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): )?AMD-Vi: Event logged \[IO_PAGE_FAULT(?: device=([0-9a-f:.]+))? domain=0x[0-9a-f]+ address=0x([0-9a-f]+) flags=0x([0-9a-f]+)/i;
/** Flags of AMD's record: the access was a write. */
const AMD_WRITE = 0x20;

/** The fault that a message of the kernel's tells of; undefined for all other messages. */
export function parseFault(message: string): IommuFault | undefined {
  const intel = INTEL.exec(message);
  if (intel !== null) return fault(intel[2], intel[3], intel[1]?.toLowerCase() === 'write');
  const amd = AMD.exec(message);
  if (amd !== null) return fault(amd[1] ?? amd[2], amd[3], (Number(`0x${amd[4]}`) & AMD_WRITE) !== 0);
  return undefined;
}

function fault(requester = '', iova = '', write: boolean): IommuFault | undefined {
  const address = addressOf(requester);
  if (address === undefined) return undefined;
  return {
    requester: address,
    iova: BigInt(`0x${iova}`) as Iova,
    access: write ? 'write' : 'read',
    why: 'unmapped',
    context: undefined,
  };
}

/** Followed while somebody listens; the kernel leaves out what comes too fast, so that one fault may stand for many. */
export class KernelLogFaults implements IommuFaultReports {
  readonly #listeners = new Set<(fault: IommuFault) => void>();
  #following: { readonly fd: number; readonly readiness: Readiness } | undefined;

  /** Undefined where this user may not read the kernel's log. */
  static available(): KernelLogFaults | undefined {
    try {
      closeSync(openSync(LOG, constants.O_RDONLY | constants.O_NONBLOCK));
      return new KernelLogFaults();
    } catch {
      return undefined;
    }
  }

  onFault(listener: (fault: IommuFault) => void): Disposable {
    this.#following ??= this.#follow();
    // One function may listen for several.
    const own = (told: IommuFault) => {
      listener(told);
    };
    this.#listeners.add(own);
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.delete(own) && this.#listeners.size === 0) this.close();
      },
    };
  }

  #follow() {
    const fd = openSync(LOG, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      seekToEnd(fd, LOG);
      const record = Buffer.alloc(LONGEST_RECORD);
      const readiness = onReadable(fd, () => {
        this.#read(fd, record);
      });
      // To hear of faults keeps nobody running.
      readiness.keepAlive(false);
      return { fd, readiness };
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  /** One record a read: `priority,sequence,time,flags;message`, with lines of more about it behind. */
  #read(fd: number, record: Buffer): void {
    for (let count = 0; count < MOST_RECORDS; count++) {
      let bytes: number;
      try {
        bytes = readSync(fd, record, 0, record.length, null);
      } catch (cause) {
        // Overwritten before they were read (EPIPE): the next read goes on behind them.
        if (errnoOf(cause) === 'EPIPE') continue;
        return;
      }
      const text = record.toString('latin1', 0, bytes);
      const [message = ''] = text.slice(text.indexOf(';') + 1).split('\n');
      const told = parseFault(message);
      if (told !== undefined) for (const listener of [...this.#listeners]) listener(told);
      if (this.#following?.fd !== fd) return;
    }
  }

  close(): void {
    this.#following?.readiness.close();
    if (this.#following !== undefined) closeSync(this.#following.fd);
    this.#following = undefined;
    this.#listeners.clear();
  }
}
