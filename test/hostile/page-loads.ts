/**
 * Loads of a shared page, one by one: what each word held when it was first read, and a guest that rewrites the page at
 * any of them. Another processor of the guest can do so between any two instructions; here it happens where the test
 * says, which no second thread could be told.
 */

type Load = (array: Int32Array, index: number) => number;
const load: Load = Atomics.load.bind(Atomics);

class PageLoads {
  #page: Int32Array | undefined;
  #left = -1;
  #rewrite: () => void = () => undefined;
  #restore: (() => void) | undefined;
  /** By word; NaN for one that was not read. */
  readonly first = new Float64Array(1024);

  /**
   * From now on loads of the page count, and after so many of them the guest rewrites it, once. `restore` puts it back
   * when its flags are read again, which is ahead of the reply.
   */
  watch(page: Int32Array, after: number, rewrite: () => void, restore?: () => void): void {
    this.first.fill(NaN);
    this.#page = page;
    this.#left = after;
    this.#rewrite = rewrite;
    this.#restore = restore;
  }

  end(): void {
    this.#page = undefined;
  }

  readonly load: Load = (array, index) => {
    const page = this.#page;
    if (page === undefined || array.buffer !== page.buffer || array.byteOffset !== page.byteOffset)
      return load(array, index);
    if (index === 0 && !Number.isNaN(this.first[0])) this.#restore?.();
    const value = load(array, index);
    if (Number.isNaN(this.first[index])) this.first[index] = value;
    if (this.#left-- === 0) this.#rewrite();
    return value;
  };
}

/** The only one: there is one `Atomics` in a thread. */
export const pageLoads = new PageLoads();

/** Stands before `Atomics.load` for the rest of the process. */
export function observeLoads(): void {
  Object.defineProperty(Atomics, 'load', { value: pageLoads.load });
}
