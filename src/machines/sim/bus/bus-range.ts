/** Loads and stores to a range of the machine's bus: each access goes to whatever answers its address at that moment. */
import { checkRegionAccess, RegionAccessError, type RegisterAccess } from '../../../function/index.js';
import type { AddressMap, Decoded } from './address-map.js';
import type { Routing } from './bus.js';
import type { VirtualClock } from '../clock.js';

const ALL_ONES_64 = 0xffff_ffff_ffff_ffffn;

export class BusRange implements RegisterAccess {
  readonly #name: string;
  readonly #isIo: boolean;
  readonly #base: number;
  readonly #size: number;
  readonly #map: AddressMap;
  readonly #routing: Routing;
  readonly #clock: VirtualClock;
  /** What answered last, as long as the routing stays what it was. */
  #last: Decoded | undefined;
  #version = 0;

  constructor(
    range: {
      readonly kind: 'memory' | 'io';
      readonly base: number;
      readonly size: number;
      /** As refusals name it. */
      readonly name: string;
    },
    map: AddressMap,
    routing: Routing,
    clock: VirtualClock,
  ) {
    this.#name = range.name;
    this.#isIo = range.kind === 'io';
    this.#base = range.base;
    this.#size = range.size;
    this.#map = map;
    this.#routing = routing;
    this.#clock = clock;
  }

  read8(offset: number): number {
    const hit = this.#access(offset, 1);
    return hit === undefined
      ? 0xff
      : hit.responder.regions.read(hit.region, this.#base + offset - hit.base, 1);
  }

  read16(offset: number): number {
    const hit = this.#access(offset, 2);
    return hit === undefined
      ? 0xffff
      : hit.responder.regions.read(hit.region, this.#base + offset - hit.base, 2);
  }

  read32(offset: number): number {
    const hit = this.#access(offset, 4);
    return hit === undefined
      ? 0xffff_ffff
      : hit.responder.regions.read(hit.region, this.#base + offset - hit.base, 4);
  }

  read64(offset: number): bigint {
    this.#checkWide();
    const hit = this.#access(offset, 8);
    return hit === undefined
      ? ALL_ONES_64
      : hit.responder.regions.read64(hit.region, this.#base + offset - hit.base);
  }

  write8(offset: number, value: number): void {
    const hit = this.#access(offset, 1);
    if (hit !== undefined) hit.responder.regions.write(hit.region, this.#base + offset - hit.base, 1, value);
  }

  write16(offset: number, value: number): void {
    const hit = this.#access(offset, 2);
    if (hit !== undefined) hit.responder.regions.write(hit.region, this.#base + offset - hit.base, 2, value);
  }

  write32(offset: number, value: number): void {
    const hit = this.#access(offset, 4);
    if (hit !== undefined) hit.responder.regions.write(hit.region, this.#base + offset - hit.base, 4, value);
  }

  write64(offset: number, value: bigint): void {
    this.#checkWide();
    const hit = this.#access(offset, 8);
    if (hit !== undefined) hit.responder.regions.write64(hit.region, this.#base + offset - hit.base, value);
  }

  /** Checks before every access of a range that can be closed. */
  protected checkOpen(): void {
    // Nobody closes a range of the bus.
  }

  #checkWide(): void {
    if (this.#isIo) throw new RegionAccessError('REGION_REFUSED', this.#name, 'ports have no 64-bit access');
  }

  /** One access: time passes, then the address is decoded. undefined: nothing answers. */
  #access(offset: number, width: 1 | 2 | 4 | 8): Decoded | undefined {
    this.checkOpen();
    checkRegionAccess(this.#name, this.#size, offset, width);
    this.#clock.access();
    const address = this.#base + offset;
    const last = this.#last;
    if (
      last !== undefined &&
      this.#version === this.#routing.version &&
      address >= last.start &&
      address + width <= last.end
    ) {
      return last;
    }
    this.#version = this.#routing.version;
    const found = this.#map.find(address);
    // An access that leaves the BAR on its way is answered by nobody.
    this.#last = found !== undefined && address + width <= found.end ? found : undefined;
    return this.#last;
  }
}
