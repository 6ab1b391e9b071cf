/** The machine's virtual clock: events in nanoseconds, moved by accesses and waits, and by the wall clock when idle. */
import type { Timer } from './device-model.js';

/**
 * `wall`: between accesses time passes as on the wall. `manual`: it moves by accesses, waits and {@link
 * VirtualClock.advance} alone, so that every run is the same.
 */
export type ClockMode = 'wall' | 'manual';

/** What one access to a register or to configuration space takes: about a read over PCI Express. */
export const ACCESS_NANOSECONDS = 1_000;

const MILLISECOND = 1e6;
/** Events that one turn of the event loop runs at most; the clock lags behind the wall where there are more. */
const TURN_EVENTS = 10_000;
/** Keeps a waiting process alive while no event is queued: somebody else's access may raise what it waits for. */
const LONGEST_TIMEOUT = 0x7fff_ffff;

class ClockEvent implements Timer {
  readonly due: number;
  /** Events of the same moment run in the order in which they were asked for. */
  readonly order: number;
  readonly action: () => void;
  /** Place in the heap, -1 outside of it. */
  place = -1;
  readonly #queue: EventQueue;

  constructor(queue: EventQueue, due: number, order: number, action: () => void) {
    this.#queue = queue;
    this.due = due;
    this.order = order;
    this.action = action;
  }

  cancel(): void {
    this.#queue.remove(this);
  }
}

/** A binary heap, earliest first, from which any event can be taken out: what is cancelled holds no memory. */
class EventQueue {
  readonly #heap: ClockEvent[] = [];

  get first(): ClockEvent | undefined {
    return this.#heap[0];
  }

  add(event: ClockEvent): void {
    this.#heap.push(event);
    this.#rise(event, this.#heap.length - 1);
  }

  remove(event: ClockEvent): void {
    const { place } = event;
    if (place < 0) return;
    event.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === event) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  clear(): void {
    for (const event of this.#heap) event.place = -1;
    this.#heap.length = 0;
  }

  #put(event: ClockEvent, place: number): void {
    this.#heap[place] = event;
    event.place = place;
  }

  #rise(event: ClockEvent, from: number): void {
    let place = from;
    while (place > 0) {
      const above = this.#heap[(place - 1) >> 1];
      if (above === undefined || !before(event, above)) break;
      const free = above.place;
      this.#put(above, place);
      place = free;
    }
    this.#put(event, place);
  }

  #sink(event: ClockEvent, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const least = right !== undefined && left !== undefined && before(right, left) ? right : left;
      if (least === undefined || !before(least, event)) break;
      const free = least.place;
      this.#put(least, place);
      place = free;
    }
    this.#put(event, place);
  }
}

function before(a: ClockEvent, b: ClockEvent): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

export class VirtualClock {
  readonly mode: ClockMode;
  readonly #accessCost: number;
  readonly #events = new EventQueue();
  #now = 0;
  #order = 0;
  #running = false;
  /** A moment at which both clocks were read. */
  #base = { virtual: 0, wall: performance.now() };
  /** False from the next turn of the event loop on: the wall may have moved. */
  #synchronized: boolean;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;
  #immediate: NodeJS.Immediate | undefined;
  #waiters = 0;
  #stopped = false;

  constructor(mode: ClockMode, accessCost = ACCESS_NANOSECONDS) {
    this.mode = mode;
    this.#accessCost = accessCost;
    this.#synchronized = mode === 'manual';
  }

  /** Nanoseconds since the machine started. */
  get now(): number {
    return this.#now;
  }

  /** One access: time passes, and what is due by then happens before it. */
  access(): void {
    if (!this.#synchronized) this.#synchronize();
    const until = this.#now + this.#accessCost;
    const first = this.#events.first;
    if (first !== undefined && first.due <= until && !this.#running) this.#run(until, Infinity);
    if (until > this.#now) this.#now = until;
  }

  /** Runs `action` once, at least `nanoseconds` (and at least one) from now. */
  after(nanoseconds: number, action: () => void): Timer {
    const event = new ClockEvent(this.#events, this.#now + Math.max(1, nanoseconds), this.#order++, action);
    if (this.#stopped) return event;
    this.#events.add(event);
    if (event === this.#events.first) this.#arm();
    return event;
  }

  /** Lets time pass, with all that happens meanwhile. */
  advance(nanoseconds: number): void {
    const until = this.#now + nanoseconds;
    this.#run(until, Infinity);
    if (until > this.#now) this.#now = until;
  }

  /**
   * Lets time pass until the condition holds; time jumps from event to event, so nothing sleeps.
   * @returns false when the time has passed, or when it would never end and no event is left that could change anything.
   */
  waitUntil(milliseconds: number, condition: () => boolean): boolean {
    const deadline = this.#now + milliseconds * MILLISECOND;
    for (;;) {
      if (condition()) return true;
      const first = this.#events.first;
      if (first === undefined || first.due > deadline) {
        if (deadline !== Infinity && deadline > this.#now) this.#now = deadline;
        return condition();
      }
      this.#run(first.due, 1);
    }
  }

  /** Somebody awaits what an event may bring: the process stays alive until {@link endWait}. */
  beginWait(): void {
    this.#waiters++;
    if (this.#waiters === 1) this.#arm();
  }

  endWait(): void {
    this.#waiters--;
    if (this.#waiters > 0) return;
    this.#timer?.unref();
    this.#immediate?.unref();
  }

  /** Drops every event. */
  stop(): void {
    this.#stopped = true;
    this.#events.clear();
    this.#disarm();
  }

  /** Runs at most `most` events up to a moment, each at its own time. */
  #run(until: number, most: number): void {
    const outer = this.#running;
    this.#running = true;
    try {
      for (let ran = 0; ran < most; ran++) {
        const first = this.#events.first;
        if (first === undefined || first.due > until) return;
        this.#events.remove(first);
        if (first.due > this.#now) this.#now = first.due;
        first.action();
      }
    } finally {
      this.#running = outer;
    }
  }

  /** The wall's moment in virtual time. Where accesses and waits have run ahead, the clock goes on from where it is. */
  #wallTime(): number {
    const wall = performance.now();
    const virtual = this.#base.virtual + (wall - this.#base.wall) * MILLISECOND;
    if (virtual >= this.#now) return virtual;
    this.#base.virtual = this.#now;
    this.#base.wall = wall;
    return this.#now;
  }

  readonly #loopTurned = () => {
    this.#synchronized = false;
  };

  /** Once a turn of the event loop, since the wall cannot be looked at for every access. */
  #synchronize(): void {
    this.#synchronized = true;
    setImmediate(this.#loopTurned);
    if (!this.#running) this.#catchUp(this.#wallTime());
  }

  #catchUp(until: number): void {
    this.#run(until, TURN_EVENTS);
    const first = this.#events.first;
    // Too many to run them all now: the clock lags, and goes on from the last one.
    const reached = first !== undefined && first.due <= until ? this.#now : until;
    if (reached > this.#now) this.#now = reached;
    if (reached < until) this.#base = { virtual: this.#now, wall: performance.now() };
  }

  readonly #fire = () => {
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#timerDue = Infinity;
    const wall = this.#wallTime();
    const first = this.#events.first;
    // Node's timers know milliseconds: what is due within the next one is due now.
    const soon = first !== undefined && first.due > wall && first.due - wall < MILLISECOND;
    this.#catchUp(soon ? first.due : wall);
    this.#arm();
  };

  /** Sets the one timer for the first event. */
  #arm(): void {
    if (this.mode === 'manual' || this.#stopped) return;
    const first = this.#events.first;
    if (first === undefined && this.#waiters === 0) return;
    const due = first?.due ?? Infinity;
    if (this.#timerDue <= due && this.#timerDue !== Infinity) {
      // It fires early enough; one that finds nothing due is set again.
      if (this.#waiters > 0) this.#timer?.ref();
      return;
    }
    this.#disarm();
    this.#timerDue = due;
    const delay = (due - this.#wallTime()) / MILLISECOND;
    if (this.#waiters > 0 && delay < 1) {
      this.#immediate = setImmediate(this.#fire);
      return;
    }
    this.#timer = setTimeout(this.#fire, Math.min(Math.ceil(delay), LONGEST_TIMEOUT));
    if (this.#waiters === 0) this.#timer.unref();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#timerDue = Infinity;
  }
}
