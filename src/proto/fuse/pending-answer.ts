/** A read that may be answered later: what a device file is given at each read, made anew only for those that it keeps. */
import type { Errno, PendingRead } from '../files/device-file.js';

/** Sends what is answered; the session's part. @returns false when the kernel does not want it any more. */
export interface AnswerSender {
  answerRead(pending: PendingAnswer, data: Uint8Array): boolean;
  failRead(pending: PendingAnswer, errno: Errno): void;
}

export class PendingAnswer implements PendingRead {
  readonly #sender: AnswerSender;
  readonly #gone: (() => void)[] = [];
  #open = true;
  /** The request's number, as two 32-bit halves. */
  low = 0;
  high = 0;

  constructor(sender: AnswerSender) {
    this.#sender = sender;
  }

  /** Number of the request; exact up to 2^53. */
  get unique(): number {
    return this.low + this.high * 2 ** 32;
  }

  answer(data: Uint8Array): boolean {
    if (!this.#open) return false;
    this.#open = false;
    return this.#sender.answerRead(this, data);
  }

  fail(errno: Errno): void {
    if (!this.#open) return;
    this.#open = false;
    this.#sender.failRead(this, errno);
  }

  onGone(gone: () => void): void {
    this.#gone.push(gone);
  }

  /** The caller was interrupted, or the file is released. */
  end(errno: Errno): void {
    if (!this.#open) return;
    this.fail(errno);
    for (const gone of this.#gone) gone();
  }
}
