/** A bus for one device model under test: memory of its own, a clock that a test moves, interrupts as lists. */
import type { DmaResult, Iova } from '../../../src/function/index.js';
import type { ModelBus, Timer } from '../../../src/machines/sim/device-model.js';

interface Due {
  readonly at: number;
  readonly action: () => void;
}

export class MemoryBus implements ModelBus {
  /** Addresses 0 to its length; everything else faults. */
  readonly memory: Uint8Array;
  /** Vectors, in the order they were raised. */
  readonly raised: number[] = [];
  readonly faults: Iova[] = [];
  /** Faults of the model's own that are switched on. */
  readonly switchedOn = new Set<string>();
  messages: ModelBus['messages'] = 'none';
  pin = false;
  /** Changes of the pin. */
  pinChanges = 0;
  now = 0;
  #due: Due[] = [];

  constructor(bytes = 1 << 20) {
    this.memory = new Uint8Array(bytes);
  }

  get timers(): number {
    return this.#due.length;
  }

  after(nanoseconds: number, action: () => void): Timer {
    const due = { at: this.now + nanoseconds, action };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  dmaRead(iova: Iova, into: Uint8Array): DmaResult {
    const at = this.#range(iova, into.length);
    if (at === undefined) into.fill(0xff);
    else into.set(this.memory.subarray(at, at + into.length));
    return at === undefined ? 'fault' : 'done';
  }

  dmaWrite(iova: Iova, from: Uint8Array): DmaResult {
    const at = this.#range(iova, from.length);
    if (at !== undefined) this.memory.set(from, at);
    return at === undefined ? 'fault' : 'done';
  }

  message(vector: number): void {
    if (this.messages !== 'none') this.raised.push(vector);
  }

  setPin(level: boolean): void {
    if (level !== this.pin) this.pinChanges++;
    this.pin = level;
  }

  hasFault(name: string): boolean {
    return this.switchedOn.has(name);
  }

  /** Moves the clock, running what becomes due in its order. @returns how many actions ran. */
  advance(nanoseconds: number): number {
    const end = this.now + nanoseconds;
    let ran = 0;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.now = Math.max(this.now, next.at);
      next.action();
      ran++;
    }
    this.now = end;
    return ran;
  }

  /** What a machine does to a function before it resets the model. */
  dropTimers(): void {
    this.#due = [];
    this.pin = false;
  }

  #next(end: number): Due | undefined {
    const first = this.#due.reduce<Due | undefined>(
      (best, due) => (due.at <= end && (best === undefined || due.at < best.at) ? due : best),
      undefined,
    );
    this.#due = this.#due.filter((due) => due !== first);
    return first;
  }

  #range(iova: Iova, bytes: number): number | undefined {
    if (iova + BigInt(bytes) > BigInt(this.memory.length)) {
      this.faults.push(iova);
      return undefined;
    }
    return Number(iova);
  }
}
