/** A memory BAR mapped from `resourceN`: each access is one bus access of its width. */
import { closeSync, openSync } from 'node:fs';
import { checkRegionAccess, RegionAccessError, type Region, type RegionInfo } from '../../function/index.js';
import { mapFile, PAGE_SIZE, SystemCallError, type Mapping } from '../../os/index.js';
import { errnoOf } from './sysfs.js';

const EMPTY = new ArrayBuffer(0);

/**
 * Loads go through Atomics.load and stores through a plain typed array store: the two forms that no engine tier
 * repeats, merges, splits or drops. For a program that owns its process: a device that vanishes under a mapping ends
 * it with SIGBUS.
 */
export class MappedRegion implements Region {
  readonly info: RegionInfo;
  readonly #name: string;
  #mapping: Mapping | undefined;
  #bytes: Uint8Array;
  #words: Uint16Array;
  #doubles: Uint32Array;
  #quads: BigUint64Array;

  /** @throws {RegionAccessError | NativeUnavailableError} */
  constructor(path: string, info: RegionInfo) {
    this.info = info;
    this.#name = `region ${info.index} (${path})`;
    let fd: number;
    try {
      fd = openSync(path, 'r+');
    } catch (cause) {
      throw refused(this.#name, errnoOf(cause), cause);
    }
    try {
      // BARs smaller than a page share it with others; the kernel maps the page, the bounds below keep us inside.
      this.#mapping = mapFile(fd, 0, Math.max(info.size, PAGE_SIZE), this.#name);
    } catch (cause) {
      if (cause instanceof SystemCallError) throw refused(this.#name, cause.errno, cause);
      throw cause;
    } finally {
      closeSync(fd);
    }
    // A BAR smaller than a page stands somewhere inside of it, at its bus address's offset.
    const start = info.size < PAGE_SIZE ? Number(info.address & BigInt(PAGE_SIZE - 1)) : 0;
    const buffer = this.#mapping.buffer;
    this.#bytes = new Uint8Array(buffer, start, info.size);
    this.#words = new Uint16Array(buffer, start, info.size >> 1);
    this.#doubles = new Uint32Array(buffer, start, info.size >> 2);
    this.#quads =
      start % 8 === 0 ? new BigUint64Array(buffer, start, info.size >> 3) : new BigUint64Array(EMPTY);
  }

  read8(offset: number): number {
    this.#check(offset, 1);
    return Atomics.load(this.#bytes, offset);
  }

  read16(offset: number): number {
    this.#check(offset, 2);
    return Atomics.load(this.#words, offset >>> 1);
  }

  read32(offset: number): number {
    this.#check(offset, 4);
    return Atomics.load(this.#doubles, offset >>> 2);
  }

  read64(offset: number): bigint {
    this.#check(offset, 8);
    return Atomics.load(this.#quads, offset >>> 3);
  }

  write8(offset: number, value: number): void {
    this.#check(offset, 1);
    this.#bytes[offset] = value;
  }

  write16(offset: number, value: number): void {
    this.#check(offset, 2);
    this.#words[offset >>> 1] = value;
  }

  write32(offset: number, value: number): void {
    this.#check(offset, 4);
    this.#doubles[offset >>> 2] = value;
  }

  write64(offset: number, value: bigint): void {
    this.#check(offset, 8);
    this.#quads[offset >>> 3] = value;
  }

  #check(offset: number, width: 1 | 2 | 4 | 8): void {
    if (this.#mapping === undefined) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
    checkRegionAccess(this.#name, this.info.size, offset, width);
  }

  close(): void {
    // No view may outlive the mapping: a stale one would end the process.
    this.#bytes = new Uint8Array(EMPTY);
    this.#words = new Uint16Array(EMPTY);
    this.#doubles = new Uint32Array(EMPTY);
    this.#quads = new BigUint64Array(EMPTY);
    this.#mapping?.close();
    this.#mapping = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function refused(name: string, errno: string, cause: unknown): RegionAccessError {
  if (errno === 'ENOENT')
    return new RegionAccessError('REGION_ABSENT', name, 'there is no such region', '', { cause });
  const next =
    errno === 'EINVAL' || errno === 'EPERM'
      ? 'a bound driver or a locked down kernel keeps the region: openslot claim it first'
      : errno === 'EACCES'
        ? 'run the command as root'
        : '';
  return new RegionAccessError('REGION_REFUSED', name, errno, next, { cause });
}
