/** A program of FreeBSD's busdma, in the test's own process: its requests as they are laid out on 64-bit machines. */
import koffi from 'koffi';
import { FunctionFolder, dmaFiles, FileError, type OpenFile } from '../../../src/proto/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { MemoryFile } from '../../../src/os/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';

/** _IOWR('h', 2, struct proto_ioc_busdma) */
export const BUSDMA = 0xc058_6802;
export const EDU = new PciAddress(0, 0, 3, 0);
/** This process. */
export const caller = { pid: process.pid, uid: 0, gid: 0 };

export const Request = {
  tagCreate: 1,
  tagDerive: 2,
  tagDestroy: 3,
  memAlloc: 10,
  memFree: 11,
  mdCreate: 20,
  mdDestroy: 21,
  mdLoad: 22,
  mdUnload: 29,
  sync: 30,
  segment: 0x1000,
  fault: 0x1001,
} as const;

export interface TagNumbers {
  readonly align: bigint;
  readonly bndry: bigint;
  readonly maxaddr: bigint;
  readonly maxsz: bigint;
  readonly maxsegsz: bigint;
  readonly nsegs: number;
  readonly datarate: number;
}

/** A tag that demands little. */
export const ANY: TagNumbers = {
  align: 1n,
  bndry: 0n,
  maxaddr: 0xffff_ffff_ffff_ffffn,
  maxsz: 8192n,
  maxsegsz: 8192n,
  nsegs: 1,
  datarate: 0,
};

/** What a map request gives. */
export interface MapNumbers {
  readonly virtAddr: bigint;
  readonly virtSize: bigint;
  readonly physNsegs: number;
  readonly physAddr: bigint;
  readonly busAddr: bigint;
  readonly busNsegs: number;
}

/**
 * An edu without a driver at 00:03.0, and in other slots that are named; their time is the test's. Their DMA memory is a
 * file where it is `shared`.
 */
export function eduMachine(description = '', shared = true, others: readonly string[] = []): SimMachine {
  const slots = ['03', ...others].map((slot) => `{slot: "${slot}", model: edu}`).join(', ');
  return new SimMachine(parseMachine(`${description}\nroots: [{slots: [${slots}]}]`), {
    clock: 'manual',
    ...(shared ? { memoryFile: () => new MemoryFile('test') } : {}),
  });
}

export function folderOf(machine: SimMachine, unsafeDma: readonly PciAddress[] = []): FunctionFolder {
  return new FunctionFolder(EDU, () => machine.open(EDU), [dmaFiles({ machine, unsafeDma })]);
}

/** The folder's busdma, opened. */
export function openBusdma(folder: FunctionFolder): OpenFile {
  const [file] = folder.files;
  if (file === undefined) throw new Error('the function has no busdma');
  return file.open(caller);
}

export class Program {
  readonly #file: OpenFile;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  /** One ioctl, with its bytes as they are afterwards. @throws {FileError} */
  async call(request: number, key = 0n, fill?: (body: DataView) => void): Promise<DataView> {
    const bytes = new Uint8Array(88);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, request, true);
    view.setBigUint64(8, key, true);
    fill?.(new DataView(bytes.buffer, 16, 64));
    await this.#file.ioctl?.(BUSDMA, bytes, caller);
    return view;
  }

  /** Its errno; `''` when it succeeds. */
  async errno(request: number, key = 0n, fill?: (body: DataView) => void): Promise<string> {
    return errnoOf(this.call(request, key, fill));
  }

  async tag(numbers: TagNumbers, parent?: bigint): Promise<{ key: bigint; numbers: TagNumbers }> {
    const request = parent === undefined ? Request.tagCreate : Request.tagDerive;
    const view = await this.call(request, parent, (body) => {
      body.setBigUint64(0, numbers.align, true);
      body.setBigUint64(8, numbers.bndry, true);
      body.setBigUint64(16, numbers.maxaddr, true);
      body.setBigUint64(24, numbers.maxsz, true);
      body.setBigUint64(32, numbers.maxsegsz, true);
      body.setUint32(40, numbers.nsegs, true);
      body.setUint32(44, numbers.datarate, true);
    });
    return {
      key: view.getBigUint64(80, true),
      numbers: {
        align: view.getBigUint64(16, true),
        bndry: view.getBigUint64(24, true),
        maxaddr: view.getBigUint64(32, true),
        maxsz: view.getBigUint64(40, true),
        maxsegsz: view.getBigUint64(48, true),
        nsegs: view.getUint32(56, true),
        datarate: view.getUint32(60, true),
      },
    };
  }

  async allocate(tag: bigint): Promise<{ key: bigint; map: MapNumbers }> {
    const view = await this.call(Request.memAlloc, 0n, (body) => {
      body.setBigUint64(0, tag, true);
    });
    return { key: view.getBigUint64(80, true), map: mapNumbers(view) };
  }

  async create(tag: bigint): Promise<bigint> {
    const view = await this.call(Request.mdCreate, 0n, (body) => {
      body.setBigUint64(0, tag, true);
    });
    return view.getBigUint64(80, true);
  }

  async load(map: bigint, address: bigint, bytes: number | bigint): Promise<MapNumbers> {
    return mapNumbers(
      await this.call(Request.mdLoad, map, (body) => {
        body.setBigUint64(16, address, true);
        body.setBigUint64(24, BigInt(bytes), true);
      }),
    );
  }

  async sync(map: bigint, op: number): Promise<void> {
    await this.call(Request.sync, map, (body) => {
      body.setUint32(0, op, true);
    });
  }

  async segment(map: bigint, index: number): Promise<MapNumbers> {
    return mapNumbers(
      await this.call(Request.segment, map, (body) => {
        body.setUint32(8, index, true);
      }),
    );
  }

  /** Access, cause, address and how many there were; undefined when all were told. */
  async fault(): Promise<readonly [number, number, bigint, bigint] | undefined> {
    const view = await this.call(Request.fault);
    if (view.getBigUint64(80, true) === 0n) return undefined;
    return [
      view.getUint32(16, true),
      view.getUint32(20, true),
      view.getBigUint64(24, true),
      view.getBigUint64(32, true),
    ];
  }
}

function mapNumbers(view: DataView): MapNumbers {
  return {
    virtAddr: view.getBigUint64(32, true),
    virtSize: view.getBigUint64(40, true),
    physNsegs: view.getUint32(48, true),
    physAddr: view.getBigUint64(56, true),
    busAddr: view.getBigUint64(64, true),
    busNsegs: view.getUint32(72, true),
  };
}

export async function errnoOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return '';
  } catch (error) {
    if (error instanceof FileError) return error.errno;
    throw error;
  }
}

/** Memory of this process with its address, as a program would load it. */
export function ownMemory(bytes: number): { readonly bytes: Uint8Array; readonly address: bigint } {
  const view = new Uint8Array(new SharedArrayBuffer(bytes));
  return { bytes: view, address: koffi.address(view) };
}
