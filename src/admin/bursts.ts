/** Events that come as fast as a device or a guest likes, told in few words: the first of a kind, then numbers (XSA-130). */

/** Milliseconds for which equal events are only counted. */
const BURST_MS = 1000;

/** Told of an event, and of how many like it since the last one that was told, it included. */
export type TellBurst<Event> = (event: Event, count: number) => void;

interface Burst<Event> {
  last: Event;
  /** Not told yet. */
  count: number;
  readonly timer: NodeJS.Timeout;
}

export class Bursts<Event> implements Disposable {
  readonly #keyOf: (event: Event) => string;
  readonly #tell: TellBurst<Event>;
  readonly #bursts = new Map<string, Burst<Event>>();

  /** Events of one key are alike; there must not be many keys. */
  constructor(keyOf: (event: Event) => string, tell: TellBurst<Event>) {
    this.#keyOf = keyOf;
    this.#tell = tell;
  }

  add(event: Event): void {
    const key = this.#keyOf(event);
    const burst = this.#bursts.get(key);
    if (burst !== undefined) {
      burst.last = event;
      burst.count++;
      return;
    }
    const timer = setInterval(() => {
      this.#sum(key);
    }, BURST_MS);
    timer.unref();
    this.#bursts.set(key, { last: event, count: 0, timer });
    this.#tell(event, 1);
  }

  /** A burst is over when nothing has come for its whole length. */
  #sum(key: string): void {
    const burst = this.#bursts.get(key);
    if (burst === undefined) return;
    const { last, count, timer } = burst;
    if (count === 0) {
      clearInterval(timer);
      this.#bursts.delete(key);
      return;
    }
    burst.count = 0;
    this.#tell(last, count);
  }

  /** What was counted is told. */
  [Symbol.dispose](): void {
    for (const { last, count, timer } of this.#bursts.values()) {
      clearInterval(timer);
      if (count > 0) this.#tell(last, count);
    }
    this.#bursts.clear();
  }
}
