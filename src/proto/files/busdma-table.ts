/** The tags and maps of one open busdma file, and what each request does to them: FreeBSD's rules over the port's DMA. */
import { DmaError, FunctionClosedError, wholePages, type Dma, type DmaBuffer } from '../../function/index.js';
import { OpenslotError } from '../../pci/index.js';
import { BusdmaRequest, SyncOp, type BusdmaArgument } from '../abi/busdma-request.js';
import { ClientMemory } from './client-memory.js';
import { FileError, type Caller } from './device-file.js';
import type { DmaFaults } from './dma-faults.js';
import { AllocatedMap, ClientMap, type DmaMap } from './dma-map.js';
import { constraintsOf, derivedLimits, ownLimits, type Tag } from './dma-tags.js';

/** Tags, and maps, that one program can have. */
const MOST_OBJECTS = 4096;

export class BusdmaTable {
  readonly #dma: Dma;
  readonly #faults: DmaFaults;
  readonly #tags = new Map<bigint, Tag>();
  readonly #maps = new Map<bigint, DmaMap>();
  /** Opaque to the program, and never that of another object. */
  #lastKey = 0n;
  /** Requests that are not over. */
  #running = 0;
  /** Once it is closed: what to do when nothing runs any more. */
  #onIdle: (() => void) | undefined;

  constructor(dma: Dma, faults: DmaFaults) {
    this.#dma = dma;
    this.#faults = faults;
  }

  /** Where the last of the memory ends that a program can map, in whole pages. */
  get end(): number {
    let end = 0;
    for (const { place } of this.#maps.values())
      if (place !== undefined)
        end = Math.max(end, Number(place.physAddr) + wholePages(Number(place.virtSize)));
    return end;
  }

  /** Carries out one request; its answers go into `argument`. @throws {FileError}, also later, by the promise. */
  request(argument: BusdmaArgument, caller: Caller): number | Promise<number> {
    switch (argument.request) {
      case BusdmaRequest.tagCreate:
        return this.#createTag(argument);
      case BusdmaRequest.tagDerive:
        return this.#createTag(argument, this.#tag(argument.key));
      case BusdmaRequest.tagDestroy:
        return this.#destroyTag(argument.key);
      case BusdmaRequest.memAlloc:
        return this.#run(this.#allocate(argument));
      case BusdmaRequest.memFree:
        return this.#destroyMap(argument.key, 'allocated');
      case BusdmaRequest.mdCreate:
        return this.#createMap(argument);
      case BusdmaRequest.mdDestroy:
        return this.#destroyMap(argument.key, 'created');
      case BusdmaRequest.mdLoad:
        return this.#run(this.#load(argument, caller));
      case BusdmaRequest.mdUnload:
        return this.#unload(argument.key);
      case BusdmaRequest.sync:
        return this.#sync(argument, caller);
      case BusdmaRequest.mdSegment:
        return this.#segment(argument);
      case BusdmaRequest.fault:
        return this.#fault(argument);
      default:
        throw new FileError('EINVAL', `there is no busdma request ${argument.request}`);
    }
  }

  /**
   * Frees every map and tag; nothing is carried out any more. What a request is at work on is freed when it is over, and
   * `onIdle` is called then, or at once.
   */
  close(onIdle: () => void): void {
    this.#onIdle = onIdle;
    for (const [key, map] of this.#maps) if (!map.busy) this.#freeMap(key, map);
    this.#tags.clear();
    if (this.#running === 0) onIdle();
  }

  #createTag(argument: BusdmaArgument, parent?: Tag): number {
    if (this.#tags.size >= MOST_OBJECTS) throw new FileError('ENOMEM', 'there are too many tags');
    const { tag: given } = argument;
    const limits = parent === undefined ? ownLimits(given) : derivedLimits(given, parent.limits);
    const key = this.#newKey();
    this.#tags.set(key, { parent, limits, children: 0, maps: 0 });
    if (parent !== undefined) parent.children++;
    argument.tag = limits;
    argument.result = key;
    return 0;
  }

  #destroyTag(key: bigint): number {
    const tag = this.#tag(key);
    if (tag.maps > 0 || tag.children > 0)
      throw new FileError('EBUSY', 'the tag has maps, or others are derived from it');
    this.#tags.delete(key);
    if (tag.parent !== undefined) tag.parent.children--;
    return 0;
  }

  async #allocate(argument: BusdmaArgument): Promise<number> {
    const tag = this.#tag(argument.mapTag);
    const constraints = constraintsOf(tag.limits);
    this.#checkRoom();
    // Counted from now on: the tag has to stay.
    tag.maps++;
    let map: AllocatedMap;
    try {
      map = new AllocatedMap(tag, await this.#memory(tag.limits.maxsz, constraints));
    } catch (cause) {
      tag.maps--;
      throw cause;
    }
    const key = this.#newKey();
    this.#maps.set(key, map);
    const { place } = map;
    if (place !== undefined) argument.place = place;
    argument.result = key;
    return 0;
  }

  #createMap(argument: BusdmaArgument): number {
    const tag = this.#tag(argument.mapTag);
    constraintsOf(tag.limits);
    this.#checkRoom();
    tag.maps++;
    const key = this.#newKey();
    this.#maps.set(key, new ClientMap(tag));
    argument.result = key;
    return 0;
  }

  #destroyMap(key: bigint, origin: 'allocated' | 'created'): number {
    const map = this.#map(key);
    if (map.allocated !== (origin === 'allocated'))
      throw new FileError(
        'ENXIO',
        `the map was not ${origin}: MEM_FREE is for MEM_ALLOC, MD_DESTROY for MD_CREATE`,
      );
    this.#freeMap(key, map);
    return 0;
  }

  async #load(argument: BusdmaArgument, caller: Caller): Promise<number> {
    const map = this.#map(argument.key);
    if (!(map instanceof ClientMap))
      throw new FileError('ENXIO', 'the map has memory of its own, by MEM_ALLOC');
    if (map.place !== undefined) throw new FileError('EBUSY', 'the map is loaded already');
    const { address, bytes } = argument.memory;
    const { limits } = map.tag;
    if (bytes === 0n) throw new FileError('EINVAL', 'no memory is to be loaded');
    if (bytes > limits.maxsz) throw new FileError('EFBIG', 'that is more than maps of this tag can hold');
    return this.#busy(argument.key, map, async () => {
      const buffer = await this.#memory(bytes, constraintsOf(limits));
      map.load(await ClientMemory.load(caller, address, buffer));
      const { place } = map;
      if (place !== undefined) argument.place = place;
      return 0;
    });
  }

  #unload(key: bigint): number {
    const map = this.#map(key);
    if (map.place === undefined) throw new FileError('ENXIO', 'nothing is loaded');
    map.unload();
    return 0;
  }

  #sync(argument: BusdmaArgument, caller: Caller): number | Promise<number> {
    const map = this.#map(argument.key);
    const op = argument.syncOp;
    if (map.place === undefined) throw new FileError('ENXIO', 'nothing is loaded');
    const copying = map.sync(op, caller);
    if (copying === undefined) return this.#synced(op);
    return this.#run(
      this.#busy(argument.key, map, async () => {
        await copying;
        return this.#synced(op);
      }),
    );
  }

  /** A transfer is over: the device may have gone astray in it. Told once, after the bytes are where they belong. */
  #synced(op: number): number {
    if ((op & (SyncOp.postRead | SyncOp.postWrite)) !== 0 && this.#faults.noticed())
      throw new FileError('EIO', 'a DMA of the device reached nothing: see the request for faults');
    return 0;
  }

  #segment(argument: BusdmaArgument): number {
    const map = this.#map(argument.key);
    const { place } = map;
    if (place === undefined) throw new FileError('ENXIO', 'nothing is loaded');
    // It alone is made: a program asks for each of thousands.
    const segment = map.segment(argument.segmentIndex);
    if (segment === undefined) throw new FileError('EINVAL', `there are ${place.busNsegs} segments`);
    argument.place = segment;
    return 0;
  }

  /** Result 1, or 0 where every fault was told. */
  #fault(argument: BusdmaArgument): number {
    const fault = this.#faults.take();
    if (fault !== undefined) argument.fault = fault;
    argument.result = fault === undefined ? 0n : 1n;
    return 0;
  }

  async #memory(bytes: bigint, constraints: ReturnType<typeof constraintsOf>): Promise<DmaBuffer> {
    let buffer: DmaBuffer;
    try {
      buffer = await this.#dma.allocate(Number(bytes), constraints);
    } catch (cause) {
      throw asFileError(cause);
    }
    if (this.#onIdle === undefined) return buffer;
    buffer[Symbol.dispose]();
    throw new FileError('ENXIO', 'the file was closed');
  }

  /** Counts a request until it is over. */
  async #run(request: Promise<number>): Promise<number> {
    this.#running++;
    try {
      return await request;
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  async #busy(key: bigint, map: DmaMap, work: () => Promise<number>): Promise<number> {
    map.busy = true;
    try {
      return await work();
    } finally {
      map.busy = false;
      if (this.#onIdle !== undefined) this.#freeMap(key, map);
    }
  }

  #freeMap(key: bigint, map: DmaMap): void {
    this.#maps.delete(key);
    map.tag.maps--;
    map.free();
  }

  #tag(key: bigint): Tag {
    const tag = this.#tags.get(key);
    if (tag === undefined) throw new FileError('EINVAL', 'no tag has this key');
    return tag;
  }

  #map(key: bigint): DmaMap {
    const map = this.#maps.get(key);
    if (map === undefined) throw new FileError('EINVAL', 'no map has this key');
    if (map.busy) throw new FileError('EBUSY', 'another request of the map is not over');
    return map;
  }

  #checkRoom(): void {
    if (this.#maps.size + this.#running >= MOST_OBJECTS)
      throw new FileError('ENOMEM', 'there are too many maps');
  }

  #newKey(): bigint {
    this.#lastKey++;
    return this.#lastKey;
  }
}

/** Why there is no memory, as FreeBSD's bus_dma says it. */
function asFileError(cause: unknown): unknown {
  if (!(cause instanceof OpenslotError)) return cause;
  if (cause instanceof FunctionClosedError) return new FileError('ENXIO', cause.message, { cause });
  const tooMany = cause instanceof DmaError && cause.code === 'DMA_CONSTRAINTS';
  return new FileError(tooMany ? 'EFBIG' : 'ENOMEM', cause.message, { cause });
}
