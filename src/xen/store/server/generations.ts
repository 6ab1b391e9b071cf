/** The count of changes: each node as it is written, and each domain as it is heard of, has a number that nothing has had before. */
export class Generations {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}
