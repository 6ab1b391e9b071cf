/** The two kinds of rings in host memory: where the next entry is, and who has it (NVM Express 1.4, 4.1). */
import type { Iova } from '../../../../function/index.js';
import type { Timer } from '../../device-model.js';
import { COMMAND_BYTES } from './command.js';

export const COMPLETION_BYTES = 16;

/** The host puts completions' room back by its head doorbell; the controller fills it. */
export class CompletionQueue {
  readonly id: number;
  readonly entries: number;
  /** Undefined: completions of this queue raise no interrupt. */
  readonly vector: number | undefined;
  /** Submission queues that post here. */
  users = 0;
  readonly #base: bigint;
  #head = 0;
  #tail = 0;
  #phase: 0 | 1 = 1;

  constructor(id: number, base: bigint, entries: number, vector: number | undefined) {
    this.id = id;
    this.#base = base;
    this.entries = entries;
    this.vector = vector;
  }

  /** Entries that can be posted now; one is always left free, so that full and empty differ. */
  get room(): number {
    return this.entries - 1 - this.#posted;
  }

  /** Entries that the host has not taken yet. */
  get #posted(): number {
    return (this.#tail - this.#head + this.entries) % this.entries;
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  /** What the phase bit of the next entry is: it turns with each round, so the host sees which entries are new. */
  get phase(): 0 | 1 {
    return this.#phase;
  }

  get nextAddress(): Iova {
    return entryAddress(this.#base, this.#tail, COMPLETION_BYTES);
  }

  advance(): void {
    this.#tail = (this.#tail + 1) % this.entries;
    if (this.#tail === 0) this.#phase = this.#phase === 1 ? 0 : 1;
  }

  /** The host's head doorbell. @returns false when the value takes more than was posted; nothing changes then. */
  takeTo(head: number): boolean {
    if (head >= this.entries) return false;
    const taken = (head - this.#head + this.entries) % this.entries;
    if (taken > this.#posted) return false;
    this.#head = head;
    return true;
  }
}

/** The host fills it up to its tail doorbell; the controller takes commands one by one. */
export class SubmissionQueue {
  readonly id: number;
  readonly entries: number;
  readonly completions: CompletionQueue;
  /** Set while the controller is about to take a command. */
  work: Timer | undefined;
  readonly #base: bigint;
  #head = 0;
  #tail = 0;

  constructor(id: number, base: bigint, entries: number, completions: CompletionQueue) {
    this.id = id;
    this.#base = base;
    this.entries = entries;
    this.completions = completions;
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  get head(): number {
    return this.#head;
  }

  get nextAddress(): Iova {
    return entryAddress(this.#base, this.#head, COMMAND_BYTES);
  }

  advance(): void {
    this.#head = (this.#head + 1) % this.entries;
  }

  /** The host's tail doorbell. @returns false when the value is outside of the queue; nothing changes then. */
  fillTo(tail: number): boolean {
    if (tail >= this.entries) return false;
    this.#tail = tail;
    return true;
  }
}

/** A host may put a queue at the very end of 64 bits; an address wraps there as in hardware. */
function entryAddress(base: bigint, index: number, bytes: number): Iova {
  return BigInt.asUintN(64, base + BigInt(index * bytes)) as Iova;
}
