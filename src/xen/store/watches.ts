/** Watches of one connection: which token is whose, and events in order to one listener at a time. */
import type { WatchListener } from './store.js';

/**
 * Paths that may wait for one listener. More than that become one event with the watched path, so that whoever can
 * cause events cannot fill memory (the lesson of XSA-349); nothing is lost, because events only say where to look.
 */
export const MAX_WAITING_EVENTS = 1024;

/** Told of what a listener threw. */
export type ListenerFault = (error: unknown, path: string) => void;

/** All watches that the client has asked for, by token. */
export class WatchTable {
  readonly #queues = new Map<string, EventQueue>();
  readonly #onFault: ListenerFault;
  #lastToken = 0;

  constructor(onFault: ListenerFault) {
    this.#onFault = onFault;
  }

  /** A queue with a token of its own. It holds its events back until {@link EventQueue.open}. */
  add(path: string, listener: WatchListener): EventQueue {
    this.#lastToken += 1;
    const queue = new EventQueue(path, `w${this.#lastToken}`, listener, this.#onFault);
    this.#queues.set(queue.token, queue);
    return queue;
  }

  /** The queue gives nothing any more. Late events for its token are dropped. */
  remove(queue: EventQueue): void {
    queue.stop();
    this.#queues.delete(queue.token);
  }

  removeAll(): void {
    for (const queue of [...this.#queues.values()]) this.remove(queue);
  }

  /** An event from the store. Unknown tokens are those of watches that were just removed. */
  deliver(path: string, token: string): void {
    this.#queues.get(token)?.push(path);
  }
}

/** Events of one watch that wait for its listener. */
export class EventQueue {
  readonly path: string;
  readonly token: string;
  readonly #listener: WatchListener;
  readonly #onFault: ListenerFault;
  /** Each path once, in the order of its first arrival. */
  #waiting = new Set<string>();
  #state: 'held' | 'idle' | 'running' | 'stopped' = 'held';

  constructor(path: string, token: string, listener: WatchListener, onFault: ListenerFault) {
    this.path = path;
    this.token = token;
    this.#listener = listener;
    this.#onFault = onFault;
  }

  push(path: string): void {
    if (this.#state === 'stopped') return;
    if (this.#waiting.size >= MAX_WAITING_EVENTS && !this.#waiting.has(path)) {
      this.#waiting = new Set([this.path]);
    } else {
      this.#waiting.add(path);
    }
    this.#run();
  }

  /** The store has taken the watch: what arrived meanwhile is delivered now. */
  open(): void {
    if (this.#state !== 'held') return;
    this.#state = 'idle';
    this.#run();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#waiting.clear();
  }

  #run(): void {
    if (this.#state !== 'idle' || this.#waiting.size === 0) return;
    this.#state = 'running';
    // Not at once: the caller is decoding, and what else is in its chunk may merge with this.
    queueMicrotask(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    for (const path of this.#next()) {
      try {
        await this.#listener(path);
      } catch (error) {
        this.#onFault(error, path);
      }
    }
    if (this.#state === 'running') this.#state = 'idle';
  }

  // A path leaves the set before it is told, so that a change during its listener is told again.
  *#next(): Generator<string> {
    for (;;) {
      const [path] = this.#waiting;
      if (path === undefined) return;
      this.#waiting.delete(path);
      yield path;
    }
  }
}
