/** Which BAR answers which address now: the bus's decoding, worked out once for each change of it. */
import type { Routing, SimBus } from './bus.js';
import type { Window } from '../../firmware/index.js';
import { Bridge } from './bridge.js';

/** What answers loads and stores: registers of its regions. Offsets are inside and aligned to the width. */
export interface Responder {
  readonly regions: {
    read(region: number, offset: number, width: 1 | 2 | 4): number;
    write(region: number, offset: number, width: 1 | 2 | 4, value: number): void;
    read64(region: number, offset: number): bigint;
    write64(region: number, offset: number, value: bigint): void;
  };
}

/** Addresses that one BAR, or one range of a platform device, answers; `end` is the first one after them. */
export interface Decoded {
  readonly start: number;
  readonly end: number;
  readonly responder: Responder;
  readonly region: number;
  /** Where offset 0 of the region stands. */
  readonly base: number;
}

export type Space = 'memory' | 'io';

const EVERYWHERE: readonly Window[] = [{ base: 0, limit: Number.MAX_SAFE_INTEGER }];

export class AddressMap {
  readonly #space: Space;
  readonly #roots: readonly SimBus[];
  readonly #routing: Routing;
  /** Ranges that no bus decodes and nothing moves. */
  readonly #fixed: Decoded[] = [];
  #version = 0;
  #map: Decoded[] = [];

  constructor(space: Space, roots: readonly SimBus[], routing: Routing) {
    this.#space = space;
    this.#roots = roots;
    this.#routing = routing;
  }

  /** What answers an address; undefined: nothing does. */
  find(address: number): Decoded | undefined {
    if (this.#version !== this.#routing.version) this.#build();
    let low = 0;
    let high = this.#map.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#map[middle];
      if (entry === undefined || entry.end > address) high = middle;
      else low = middle + 1;
    }
    const entry = this.#map[low];
    return entry !== undefined && entry.start <= address ? entry : undefined;
  }

  /** A range that always answers. */
  addFixed(decoded: Decoded): void {
    this.#fixed.push(decoded);
    this.#routing.changed();
  }

  /** The range of a platform device over some of these addresses; undefined: there is none. */
  fixedAt(start: number, end: number): Decoded | undefined {
    return this.#fixed.find((other) => other.start < end && start < other.end);
  }

  #build(): void {
    this.#version = this.#routing.version;
    const found: Decoded[] = [...this.#fixed];
    for (const root of this.#roots) this.#collect(root, EVERYWHERE, found);
    found.sort((a, b) => a.start - b.start);
    // On a real bus two BARs over each other are a fault of software with any result; here the lower one answers.
    this.#map = [];
    let taken = 0;
    for (const entry of found) {
      const start = Math.max(entry.start, taken);
      if (start >= entry.end) continue;
      this.#map.push({ ...entry, start });
      taken = entry.end;
    }
  }

  /** BARs of a bus as far as they lie in `open`, the addresses that reach it. */
  #collect(bus: SimBus, open: readonly Window[], found: Decoded[]): void {
    for (const fn of bus.functions.values()) {
      if (fn instanceof Bridge) {
        const passes = this.#space === 'io' ? fn.decodesIo : fn.decodesMemory;
        if (!passes || fn.resetsBus) continue;
        const windows = this.#space === 'io' ? [fn.io] : [fn.memory, fn.prefetchable];
        this.#collect(
          fn.behind,
          windows.flatMap((window) => cut(window, open)),
          found,
        );
        continue;
      }
      for (const { region, base, end } of fn.decodedBars(this.#space)) {
        for (const window of cut({ base, limit: end - 1 }, open)) {
          found.push({ start: window.base, end: window.limit + 1, responder: fn, region, base });
        }
      }
    }
  }
}

/** The parts of a window that lie in others. */
function cut(window: Window, open: readonly Window[]): Window[] {
  const parts: Window[] = [];
  for (const other of open) {
    const base = Math.max(window.base, other.base);
    const limit = Math.min(window.limit, other.limit);
    if (base <= limit) parts.push({ base, limit });
  }
  return parts;
}
