/** A simulated platform device, opened: one view of it, with all that this view holds. */
import {
  FunctionClosedError,
  RegionAccessError,
  ResetError,
  type Interrupts,
  type InterruptSource,
  type InterruptSources,
  type InterruptStream,
  type PlatformDevice,
  type PlatformDeviceSummary,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../../function/index.js';
import { SimRegion } from '../program/sim-region.js';
import type { PlatformParts } from './sim-platform.js';

export interface PlatformViewParts extends PlatformParts {
  readonly summary: PlatformDeviceSummary;
  readonly sources: InterruptSources;
  readonly onClose: () => void;
}

export class SimPlatformDevice implements PlatformDevice {
  readonly name: string;
  readonly regions: readonly RegionInfo[];
  readonly interrupts?: Interrupts;
  /** Its registers are all there is. */
  readonly resetMethods: readonly ResetMethod[] = [];
  readonly #parts: PlatformViewParts;
  readonly #opened = new Set<Region>();
  readonly #streams = new Set<Disposable>();
  #open = true;

  constructor(parts: PlatformViewParts) {
    const { summary, sources } = parts;
    this.#parts = parts;
    this.name = summary.name;
    this.regions = summary.regions;
    if (summary.interruptLines.length === 0) return;
    this.interrupts = {
      available: sources.available,
      open: (source) => this.#openSource(source),
    };
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const name = `region ${index} of ${this.name}`;
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    const { root, clock } = this.#parts;
    const map = info.kind === 'io' ? root.io : root.memory;
    const region = new SimRegion(name, info, map, root.routing, clock, () => this.#opened.delete(region));
    this.#opened.add(region);
    return region;
  }

  reset(): Promise<ResetMethod> {
    return Promise.reject(new ResetError('RESET_UNAVAILABLE', this.name, 'a platform device has none'));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const region of [...this.#opened]) region.close();
    for (const stream of [...this.#streams]) stream[Symbol.dispose]();
    this.#parts.onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #openSource(source: InterruptSource): InterruptStream {
    this.#checkOpen();
    const stream = this.#parts.sources.open(source, (closed) => this.#streams.delete(closed));
    this.#streams.add(stream);
    return stream;
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.name);
  }
}
