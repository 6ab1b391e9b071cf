/** The queue of the virtual clock: a heap, earliest first, from which any event can be taken out. */
import type { Timer } from './device-model.js';

export class ClockEvent implements Timer {
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

export class EventQueue {
  readonly #heap: ClockEvent[] = [];

  get first(): ClockEvent | undefined {
    return this.#heap[0];
  }

  get length(): number {
    return this.#heap.length;
  }

  add(event: ClockEvent): void {
    this.#heap.push(event);
    this.#rise(event, this.#heap.length - 1);
  }

  /** What is taken out holds no memory any more; an event that is not in the queue is left alone. */
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
      const aboveAt = (place - 1) >> 1;
      const above = this.#heap[aboveAt];
      if (above === undefined || !before(event, above)) break;
      this.#put(above, place);
      place = aboveAt;
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
      const leastAt = least.place;
      this.#put(least, place);
      place = leastAt;
    }
    this.#put(event, place);
  }
}

function before(a: ClockEvent, b: ClockEvent): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
