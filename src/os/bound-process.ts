/** A child that ends when this process does, however that comes to its end. */
import { closeSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { lastErrno, systemLibrary, type NativeFunction } from './library.js';

const O_CLOEXEC = 0o2000000;
/** fcntl(2) on Linux. */
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const O_ASYNC = 0o20000;
const SIGKILL = 9;

let calls: { readonly pipe2: NativeFunction; readonly fcntl: NativeFunction } | undefined;

/**
 * A pipe that nobody writes into. Its reading end is for the child to inherit and to ignore; the kernel tells the child
 * with a signal when the other end goes, which is when this process ends or closes it.
 */
export class LifeLine implements Disposable {
  /** For the child. */
  readonly others: number;
  readonly #own: number;
  #bound = false;
  #open = true;

  /** @throws {SystemCallError | NativeUnavailableError} */
  constructor() {
    calls ??= {
      pipe2: systemLibrary().bind('int pipe2(void *ends, int flags)'),
      fcntl: systemLibrary().bind('int fcntl(int fd, int command, long argument)'),
    };
    const ends = new Int32Array(2);
    if (calls.pipe2(ends, O_CLOEXEC) !== 0) throw new SystemCallError('pipe2', 'a life line', lastErrno());
    const [others = -1, own = -1] = ends;
    this.others = others;
    this.#own = own;
  }

  /**
   * Binds a child that has inherited {@link others}, by signal-driven I/O (fcntl(2)) on the pipe that both share. A
   * process that ends before this was called leaves the child behind. @throws {SystemCallError}
   */
  bind(pid: number): void {
    for (const [command, argument] of [
      [F_SETOWN, pid],
      [F_SETSIG, SIGKILL],
      [F_SETFL, O_ASYNC],
    ] as const) {
      if (calls?.fcntl(this.others, command, argument) !== 0)
        throw new SystemCallError('fcntl', `the life line of process ${pid}`, lastErrno());
    }
    // The child holds its own copy, without which there would be nobody to be told.
    closeSync(this.others);
    this.#bound = true;
  }

  /** Ends the child. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#own);
    if (!this.#bound) closeSync(this.others);
  }
}
