/** What a guest did to configuration space, in a ring of fixed size: written on the hot path, read by whoever traces. */
import type { ConfigWidth } from '../function/index.js';

/** `denied`: the guest was told that it may not; `failed`: a fault of ours or of the hardware. */
export const ACCESS_OUTCOMES = ['done', 'denied', 'failed'] as const;
export type AccessOutcome = (typeof ACCESS_OUTCOMES)[number];

/** One access as the guest made it. */
export interface TracedAccess {
  /** Counts the guest's accesses from 0, those that were lost with them. */
  readonly number: number;
  /** Since the trace began. */
  readonly milliseconds: number;
  /** Index of the function in the trace's list of them. */
  readonly function: number;
  readonly kind: 'read' | 'write';
  readonly offset: number;
  /** Bytes: 1, 2 or 4. */
  readonly width: number;
  /** What was read, or what the guest wrote. */
  readonly value: number;
  /** Of a write: bits that the policy lets the guest change, in the position of the value. 0 for a read. */
  readonly takes: number;
  readonly outcome: AccessOutcome;
}

/** A piece of a trace, as it is fetched: ask again with `next`. */
export interface TracedAccesses {
  readonly accesses: readonly TracedAccess[];
  /** Accesses between the one that was asked for and the first one here, which nobody fetched in time. */
  readonly lost: number;
  /** What to ask for next. */
  readonly next: number;
}

/** A driver that starts makes a few thousand; whoever follows asks more often than one makes so many. */
const CAPACITY = 16_384;

const WRITE = 0x10;

/** {@link note} allocates nothing, and overwrites the oldest access when nobody has fetched it. */
export class AccessTrace {
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #functions: Uint16Array;
  readonly #offsets: Uint16Array;
  readonly #widths: Uint8Array;
  /** Outcome, and {@link WRITE}. */
  readonly #kinds: Uint8Array;
  readonly #values: Uint32Array;
  readonly #takes: Uint32Array;
  readonly #began = performance.now();
  #next = 0;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
    this.#functions = new Uint16Array(capacity);
    this.#offsets = new Uint16Array(capacity);
    this.#widths = new Uint8Array(capacity);
    this.#kinds = new Uint8Array(capacity);
    this.#values = new Uint32Array(capacity);
    this.#takes = new Uint32Array(capacity);
  }

  /** Accesses so far. */
  get count(): number {
    return this.#next;
  }

  noteRead(fn: number, offset: number, width: ConfigWidth, value: number, outcome: AccessOutcome): void {
    this.#note(fn, ACCESS_OUTCOMES.indexOf(outcome), offset, width, value, 0);
  }

  noteWrite(
    fn: number,
    offset: number,
    width: ConfigWidth,
    value: number,
    takes: number,
    outcome: AccessOutcome,
  ): void {
    this.#note(fn, WRITE | ACCESS_OUTCOMES.indexOf(outcome), offset, width, value, takes);
  }

  /** Accesses from number `from` on, `most` of them at most. */
  since(from: number, most: number): TracedAccesses {
    const first = Math.max(from, this.#next - this.#capacity);
    const end = Math.min(this.#next, first + most);
    const accesses: TracedAccess[] = [];
    for (let number = first; number < end; number++) accesses.push(this.#at(number));
    return { accesses, lost: Math.max(0, first - from), next: Math.max(first, end) };
  }

  #note(fn: number, kind: number, offset: number, width: number, value: number, takes: number): void {
    const at = this.#next % this.#capacity;
    this.#times[at] = performance.now() - this.#began;
    this.#functions[at] = fn;
    this.#kinds[at] = kind;
    this.#offsets[at] = offset;
    this.#widths[at] = width;
    this.#values[at] = value;
    this.#takes[at] = takes;
    this.#next++;
  }

  #at(number: number): TracedAccess {
    const at = number % this.#capacity;
    const kind = this.#kinds[at] ?? 0;
    return {
      number,
      milliseconds: this.#times[at] ?? 0,
      function: this.#functions[at] ?? 0,
      kind: (kind & WRITE) === 0 ? 'read' : 'write',
      offset: this.#offsets[at] ?? 0,
      width: this.#widths[at] ?? 0,
      value: this.#values[at] ?? 0,
      takes: this.#takes[at] ?? 0,
      outcome: ACCESS_OUTCOMES[kind & ~WRITE] ?? 'failed',
    };
  }
}
