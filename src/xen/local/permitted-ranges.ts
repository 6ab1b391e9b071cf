/** What a domain may map of the machine: sets of frames or ports, allowed and revoked in runs. */

interface Run {
  readonly first: number;
  /** The first number behind it. */
  readonly end: number;
}

/** Runs that neither overlap nor touch, in order. */
export class PermittedRanges {
  #runs: Run[] = [];

  allow(first: number, count: number): void {
    let joined: Run = { first, end: first + count };
    const others: Run[] = [];
    for (const run of this.#runs) {
      if (run.end < joined.first || run.first > joined.end) others.push(run);
      else joined = { first: Math.min(run.first, joined.first), end: Math.max(run.end, joined.end) };
    }
    this.#runs = [...others, joined].sort((a, b) => a.first - b.first);
  }

  revoke(first: number, count: number): void {
    const end = first + count;
    this.#runs = this.#runs.flatMap((run) =>
      [
        { first: run.first, end: Math.min(run.end, first) },
        { first: Math.max(run.first, end), end: run.end },
      ].filter((left) => left.first < left.end),
    );
  }

  /** True when all of it is allowed. */
  includes(first: number, count: number): boolean {
    return this.#runs.some((run) => run.first <= first && first + count <= run.end);
  }
}
