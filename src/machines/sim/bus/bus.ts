/** A bus of the simulated machine: the functions that stand on it, by device and function number. */
import type { ConfigWidth } from '../../../function/index.js';
import type { Bridge } from './bridge.js';
import type { Endpoint } from '../device/endpoint.js';

/** What configuration cycles reach. */
export interface BusFunction {
  readonly configSize: number;
  /** All ones where the function does not answer. */
  configRead(offset: number, width: ConfigWidth): number;
  configWrite(offset: number, width: ConfigWidth, value: number): void;
  /** Power on: registers, and everything behind a bridge, as they are at the start. */
  reset(): void;
}

/** Counts the changes of what is reached by which number or address; whoever kept an answer looks again. */
export class Routing {
  version = 1;

  changed(): void {
    this.version++;
  }
}

export class SimBus {
  /** The bridge that leads here; undefined for a root bus. */
  readonly parent: Bridge | undefined;
  readonly domain: number;
  readonly functions = new Map<number, Bridge | Endpoint>();
  #rootNumber = 0;

  constructor(domain: number, parent?: Bridge) {
    this.domain = domain;
    this.parent = parent;
  }

  /** A root bus has its number from the host bridge, all others from the register of theirs. */
  get number(): number {
    return this.parent?.secondary ?? this.#rootNumber;
  }

  /** What the host bridge of a root bus is set to. */
  setRootNumber(number: number): void {
    this.#rootNumber = number;
  }

  /** False while a bridge above holds its secondary bus in reset. */
  get running(): boolean {
    const { parent } = this;
    return parent === undefined || (!parent.resetsBus && parent.bus.running);
  }

  /** True when every bridge above passes requests upwards. */
  get passesMasters(): boolean {
    const { parent } = this;
    return parent === undefined || (parent.passesMasters && parent.bus.passesMasters);
  }

  /** Resets what stands here and behind it. */
  reset(): void {
    for (const fn of this.functions.values()) fn.reset();
  }
}
