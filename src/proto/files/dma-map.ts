/** DMA maps: memory that was allocated for a device, or memory of a program that is loaded for it. */
import type { DmaBuffer } from '../../function/index.js';
import type { MapPlace } from '../abi/busdma-request.js';
import type { ClientMemory } from './client-memory.js';
import { FileError, type Caller } from './device-file.js';
import type { Tag } from './dma-tags.js';

/** What requests do to a map of either kind. */
export interface DmaMap {
  readonly tag: Tag;
  readonly allocated: boolean;
  /** Where it is, while it is loaded. */
  readonly place: MapPlace | undefined;
  /** A request of it is not over: no other is begun. */
  busy: boolean;
  /** One segment as the device sees it, from 0; undefined behind the last, and while it is not loaded. */
  segment(index: number): MapPlace | undefined;
  unload(): void;
  sync(op: number, caller: Caller): undefined | Promise<void>;
  /** Gives back what it has; the device reaches it no more. */
  free(): void;
}

/** Of MEM_ALLOC: memory that program and device share. */
export class AllocatedMap implements DmaMap {
  readonly tag: Tag;
  readonly allocated = true;
  busy = false;
  readonly #buffer: DmaBuffer;
  #loaded = true;

  constructor(tag: Tag, buffer: DmaBuffer) {
    this.tag = tag;
    this.#buffer = buffer;
  }

  get place(): MapPlace | undefined {
    return this.#loaded ? placeOf(this.#buffer, physicalOf(this.#buffer)) : undefined;
  }

  segment(index: number): MapPlace | undefined {
    return this.#loaded ? segmentOf(this.#buffer, physicalOf(this.#buffer), index) : undefined;
  }

  /** The memory stays the program's, and the device's, until it is freed, as on FreeBSD. */
  unload(): void {
    this.#loaded = false;
  }

  /** Both sides see the same bytes. */
  sync(): undefined {
    return undefined;
  }

  free(): void {
    this.#buffer[Symbol.dispose]();
  }
}

/** Of MD_CREATE: for memory of a program. */
export class ClientMap implements DmaMap {
  readonly tag: Tag;
  readonly allocated = false;
  busy = false;
  #client: ClientMemory | undefined;

  constructor(tag: Tag) {
    this.tag = tag;
  }

  get place(): MapPlace | undefined {
    return this.#client === undefined ? undefined : placeOf(this.#client.buffer, this.#client.address);
  }

  segment(index: number): MapPlace | undefined {
    return this.#client === undefined
      ? undefined
      : segmentOf(this.#client.buffer, this.#client.address, index);
  }

  load(client: ClientMemory): void {
    this.#client = client;
  }

  unload(): void {
    this.#client?.[Symbol.dispose]();
    this.#client = undefined;
  }

  async sync(op: number, caller: Caller): Promise<void> {
    if (this.#client === undefined) throw new FileError('ENXIO', 'nothing is loaded');
    await this.#client.sync(op, caller);
  }

  free(): void {
    this.unload();
  }
}

/** What a program maps the memory at: its place in the file of it; where there is none, the bus address stands for it. */
function physicalOf({ fileOffset, iova }: DmaBuffer): bigint {
  return fileOffset === undefined ? iova : BigInt(fileOffset);
}

function placeOf(buffer: DmaBuffer, virtAddr: bigint): MapPlace {
  return {
    virtAddr,
    virtSize: BigInt(buffer.bytes.length),
    physAddr: physicalOf(buffer),
    busAddr: buffer.iova,
    busNsegs: buffer.segments.length,
  };
}

function segmentOf(buffer: DmaBuffer, virtAddr: bigint, index: number): MapPlace | undefined {
  const segment = buffer.segments[index];
  if (segment === undefined) return undefined;
  const behind = segment.iova - buffer.iova;
  return {
    virtAddr: virtAddr + behind,
    virtSize: BigInt(segment.bytes),
    physAddr: physicalOf(buffer) + behind,
    busAddr: segment.iova,
    busNsegs: buffer.segments.length,
  };
}
