/** Watches of all connections, by the name that they watch: a change looks at as many names as its path has parts. */
import { parentName } from './node-name.js';

/** A watch as the index knows it. */
export interface Watch<Owner> {
  readonly owner: Owner;
  /** The whole name, or one that begins with `@`. */
  readonly name: string;
  readonly token: string;
  /** What stands before the name as the client wrote it; events leave it out. */
  readonly prefix: string;
  /** Larger than that of any watch before it. */
  readonly number: number;
}

export class WatchIndex<Owner> {
  readonly #byName = new Map<string, Set<Watch<Owner>>>();
  #lastNumber = 0;

  add(owner: Owner, name: string, token: string, prefix: string): Watch<Owner> {
    const watch = { owner, name, token, prefix, number: ++this.#lastNumber };
    const same = this.#byName.get(name);
    if (same === undefined) this.#byName.set(name, new Set([watch]));
    else same.add(watch);
    return watch;
  }

  remove(watch: Watch<Owner>): void {
    const same = this.#byName.get(watch.name);
    if (same?.delete(watch) === true && same.size === 0) this.#byName.delete(watch.name);
  }

  /** Watches of exactly that name, the oldest first. */
  at(name: string): Iterable<Watch<Owner>> {
    return this.#byName.get(name) ?? [];
  }

  /** Watches of that name and of those above it, the oldest first. */
  above(name: string): Iterable<Watch<Owner>> {
    if (this.#byName.size === 0) return [];
    const sets: Set<Watch<Owner>>[] = [];
    for (let at = name; ; at = parentName(at)) {
      const same = this.#byName.get(at);
      if (same !== undefined) sets.push(same);
      if (at === '/') break;
    }
    const [first, ...rest] = sets;
    if (first === undefined) return [];
    if (rest.length === 0) return first;
    return sets.flatMap((set) => [...set]).sort((one, other) => one.number - other.number);
  }
}
