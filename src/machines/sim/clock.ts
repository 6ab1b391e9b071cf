/** The machine's virtual clock: events in nanoseconds, moved by accesses and waits, and by the wall clock when idle. */
import type { Timer } from './device-model.js';
import { ClockEvent, EventQueue } from './event-queue.js';

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
/** Longest delay of a Node timer, milliseconds. */
const LONGEST_DELAY = 0x7fff_ffff;

/** At {@link SimMachine.clock}. With `clock: 'manual'` time moves by accesses, waits and {@link advance} alone. */
export class VirtualClock {
  readonly mode: ClockMode;
  readonly #events = new EventQueue();
  #now = 0;
  #order = 0;
  #running = false;
  #stopped = false;
  /** A moment at which both clocks were read. */
  #base = { virtual: 0, wall: performance.now() };
  /** False from the next turn of the event loop on: the wall may have moved. */
  #synchronized: boolean;
  /** What wakes an idle machine, and the event's time that it is for. */
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #armedFor = Infinity;
  #waiters = 0;
  /** What an access has started and is over before this moment happens in the next turns, not after Node's shortest delay. */
  #promptUntil = 0;

  constructor(mode: ClockMode) {
    this.mode = mode;
    this.#synchronized = mode === 'manual';
  }

  /** Nanoseconds since the machine started. */
  get now(): number {
    return this.#now;
  }

  /** Events that have not happened yet. */
  get pending(): number {
    return this.#events.length;
  }

  /** One access: time passes, and what is due by then happens before it. */
  access(): void {
    if (!this.#synchronized) this.#synchronize();
    const until = this.#now + ACCESS_NANOSECONDS;
    const first = this.#events.first;
    // An access made by an event belongs to that event's moment.
    if (first !== undefined && first.due <= until && !this.#running) this.#run(until, Infinity);
    if (until > this.#now) this.#now = until;
  }

  /** Runs `action` once, at least `nanoseconds` (and at least one) from now. */
  after(nanoseconds: number, action: () => void): Timer {
    const event = new ClockEvent(this.#events, this.#now + Math.max(1, nanoseconds), this.#order++, action);
    if (this.#stopped) return event;
    // What an event starts again and again must not run away from the wall.
    if (!this.#running) this.#promptUntil = this.#now + MILLISECOND;
    this.#events.add(event);
    if (event === this.#events.first) this.#arm();
    return event;
  }

  /** Lets time pass, with all that happens meanwhile. */
  advance(nanoseconds: number): void {
    const until = this.#now + nanoseconds;
    this.#run(until, Infinity);
    if (until > this.#now) this.#now = until;
    this.#goOnFromHere();
  }

  /**
   * Lets time pass until the condition holds; time jumps from event to event, so nothing sleeps.
   * @returns false when the time has passed, or when it would never end and no event is left that could change anything.
   */
  waitUntil(milliseconds: number, condition: () => boolean): boolean {
    const deadline = this.#now + milliseconds * MILLISECOND;
    let holds = condition();
    while (!holds) {
      const first = this.#events.first;
      if (first === undefined || first.due > deadline) {
        if (deadline !== Infinity && deadline > this.#now) this.#now = deadline;
        break;
      }
      this.#run(first.due, 1);
      holds = condition();
    }
    this.#goOnFromHere();
    return holds;
  }

  /** Somebody awaits what an event or another's access may bring: the process stays alive until {@link endWait}. */
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

  /** Drops every event; no later one is taken. */
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
    this.#base = { virtual: this.#now, wall };
    return this.#now;
  }

  readonly #loopTurned = () => {
    this.#synchronized = false;
    this.#goOnFromHere();
  };

  /** Where the clock has run ahead of the wall, what is due comes that much earlier on the wall. */
  #goOnFromHere(): void {
    if (this.mode === 'manual') return;
    const before = this.#base;
    this.#wallTime();
    if (this.#base === before) return;
    this.#disarm();
    this.#arm();
  }

  /** Once a turn of the event loop, since the wall cannot be looked at for every access. */
  #synchronize(): void {
    this.#synchronized = true;
    // It keeps the loop for one more turn, without sleeping in it: the accesses of that turn look again.
    setImmediate(this.#loopTurned);
    if (!this.#running) this.#catchUp(this.#wallTime());
  }

  #catchUp(until: number): void {
    this.#run(until, TURN_EVENTS);
    const first = this.#events.first;
    if (first !== undefined && first.due <= until) {
      // Too many to run them all now: the clock lags, and goes on from the last one.
      this.#base = { virtual: this.#now, wall: performance.now() };
    } else if (until > this.#now) {
      this.#now = until;
    }
  }

  readonly #fire = () => {
    this.#disarm();
    const wall = this.#wallTime();
    const first = this.#events.first;
    // Node's timers know milliseconds: what is due within the next one is due now.
    const soon = first !== undefined && first.due - wall < MILLISECOND;
    this.#catchUp(soon && first.due > wall ? first.due : wall);
    this.#arm();
  };

  /** Sets the one timer for the first event. */
  #arm(): void {
    if (this.mode === 'manual' || this.#stopped) return;
    const first = this.#events.first;
    if (first === undefined) {
      if (this.#waiters > 0) this.#set(Infinity, LONGEST_DELAY);
      return;
    }
    const delay = (first.due - this.#wallTime()) / MILLISECOND;
    if (this.#waiters > 0 ? delay < 1 : first.due < this.#promptUntil) {
      if (this.#immediate !== undefined) return;
      this.#disarm();
      this.#immediate = setImmediate(this.#fire);
      this.#armedFor = first.due;
    } else {
      this.#set(first.due, Math.min(Math.ceil(delay), LONGEST_DELAY));
    }
  }

  /** One that is set for an earlier moment stays: it finds nothing due and is set again. */
  #set(due: number, delay: number): void {
    if (this.#armedFor > due || (this.#timer === undefined && this.#immediate === undefined)) {
      this.#disarm();
      this.#timer = setTimeout(this.#fire, delay);
      this.#armedFor = due;
    }
    if (this.#waiters > 0) this.#timer?.ref();
    else this.#timer?.unref();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#armedFor = Infinity;
  }
}
