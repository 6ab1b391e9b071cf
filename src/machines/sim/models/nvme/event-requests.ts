/** Asynchronous Event Requests: commands that wait until there is something to tell (NVM Express 1.4, 5.2). */
import { EVENT_REQUESTS } from './identify.js';

/** Types of events: bits 0 to 2 of a completion's first dword. */
export const ERROR_EVENT = 0;
export const HEALTH_EVENT = 1;

/** An event: its type, what happened, and the log page that tells more. */
export interface Event {
  readonly type: number;
  readonly information: number;
  readonly page: number;
}

/** Both lists are short: requests up to their limit, one event of each type. */
export class EventRequests {
  readonly #waiting: number[] = [];
  readonly #events = new Map<number, Event>();
  /** Types that were told, and are not told again before the host has read their log page. */
  readonly #told = new Set<number>();

  /** @returns false when as many wait already as the controller keeps. */
  add(id: number): boolean {
    if (this.#waiting.length >= EVENT_REQUESTS) return false;
    this.#waiting.push(id);
    return true;
  }

  /** The host aborts a request of its own. @returns whether it was waiting. */
  remove(id: number): boolean {
    const index = this.#waiting.indexOf(id);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  /** Further events of a type that waits to be told are one with it. */
  raise(event: Event): void {
    if (!this.#told.has(event.type) && !this.#events.has(event.type)) this.#events.set(event.type, event);
  }

  /** The host has read the page of this type. */
  seen(type: number): void {
    this.#told.delete(type);
  }

  /** Takes a request and an event to answer it with, where there are both. */
  take(): { readonly id: number; readonly result: number } | undefined {
    const [event] = this.#events.values();
    if (event === undefined) return undefined;
    const id = this.#waiting.shift();
    if (id === undefined) return undefined;
    this.#events.delete(event.type);
    this.#told.add(event.type);
    return { id, result: event.type | (event.information << 8) | (event.page << 16) };
  }
}
