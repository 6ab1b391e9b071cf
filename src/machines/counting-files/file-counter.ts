/** Interrupts that a file counts: the kernel's, or that of whoever serves it. */
import type { InterruptCounter } from '../../function/index.js';
import { onReadable, waitReadable, type Readiness } from '../../os/index.js';

/** What differs from one kind of file to the other. */
export interface CountingFile {
  /** It does not block. */
  readonly fd: number;
  /** In a message's words. */
  readonly name: string;
  /** Takes the count since the last read; 0 where there is none. @throws what the program is to be told, of a device that went. */
  read(): number;
  acknowledge(): void;
  /** It is watched no more. */
  close(): void;
}

/**
 * The file is read as soon as the event loop hears of it, so that any number of interrupts is one number here. The
 * process is kept running by it only while somebody waits.
 */
export class FileCounter implements InterruptCounter {
  readonly #file: CountingFile;
  #readiness: Readiness | undefined;
  #waiting: (() => void)[] = [];
  #count = 0;
  #open = true;

  constructor(file: CountingFile) {
    this.#file = file;
  }

  take(): number {
    if (this.#open && waitReadable(this.#file.fd, 0, this.#file.name)) this.#count += this.#file.read();
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  wait(milliseconds: number): boolean {
    return this.#count > 0 || (this.#open && waitReadable(this.#file.fd, milliseconds, this.#file.name));
  }

  ready(): Promise<void> {
    if (!this.#open || this.#count > 0) return Promise.resolve();
    this.#readiness ??= onReadable(this.#file.fd, () => {
      this.#readable();
    });
    this.#readiness.keepAlive(true);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  acknowledge(): void {
    if (this.#open) this.#file.acknowledge();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#readiness?.close();
    this.#file.close();
    this.#wakeAll();
  }

  #readable(): void {
    try {
      this.#count += this.#file.read();
      if (this.#count > 0) this.#wakeAll();
    } catch {
      // Here nobody could catch it: who waits reads again, and is told.
      this.#readiness?.close();
      this.#readiness = undefined;
      this.#wakeAll();
    }
  }

  #wakeAll(): void {
    if (this.#open) this.#readiness?.keepAlive(false);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
