/** What became of hostile operations, by kind. */

export interface KindCount {
  sent: number;
  /** Replied to, with error 0. */
  answered: number;
  /** Replied to with an error, or otherwise turned away by the back end or the tool stack. */
  refused: number;
  /** Looked at and left: no request, or one that the guest had changed meanwhile. Of a storm the rest is not looked at. */
  left: number;
}

export class KindCounts {
  readonly #counts = new Map<string, KindCount>();

  of(kind: string): KindCount {
    let count = this.#counts.get(kind);
    if (count === undefined) {
      count = { sent: 0, answered: 0, refused: 0, left: 0 };
      this.#counts.set(kind, count);
    }
    return count;
  }

  /** Operations that were answered or refused. */
  get serviced(): number {
    let sum = 0;
    for (const { answered, refused } of this.#counts.values()) sum += answered + refused;
    return sum;
  }

  table(): Readonly<Record<string, KindCount>> {
    return Object.fromEntries(this.#counts);
  }
}
