/** Requests whose answer is waited for without letting the program go on, as a processor waits for a register. */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { ErrorData } from '../pci/index.js';
import { OwnerRefusedError, OwnerUnreachableError } from './client.js';
import type { RequestName, RequestParameters } from './request-schemas.js';
import type { OwnerResults, Wire } from './requests.js';

/** What the worker is asked, and how it answers; an answer has its question's number. */
export interface AskedOfWorker {
  readonly number: number;
  readonly request: RequestName;
  readonly parameters: unknown;
}
export type WorkerAnswer = { readonly number: number } & (
  { readonly result: unknown } | { readonly error: ErrorData }
);

/** The word that the worker sets to the number of what it has answered, once the answer is there. */
export const ANSWERED = 0;

/** The owner itself is asked with a bound of its own; this one is for a worker that is not there any more. */
const PATIENCE_MS = 15_000;

/** The sockets of this are another thread's. Close it, else the thread stays. */
export class SynchronousClient implements Disposable {
  readonly #socket: string;
  readonly #worker: Worker;
  readonly #port: MessageChannel['port1'];
  readonly #words = new Int32Array(new SharedArrayBuffer(4));
  #asked = 0;

  constructor(socket: string) {
    this.#socket = socket;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL('../owner/synchronous-worker.js', import.meta.url), {
      workerData: { socket, port: port2, words: this.#words },
      transferList: [port2],
    });
    this.#worker.unref();
    port1.unref();
  }

  /** @throws {OwnerUnreachableError | OwnerRefusedError} */
  ask<Name extends RequestName>(
    request: Name,
    parameters: RequestParameters<Name>,
  ): Wire<OwnerResults[Name]> {
    const number = (this.#asked = (this.#asked + 1) | 0);
    this.#port.postMessage({ number, request, parameters } satisfies AskedOfWorker);
    const answer = this.#answerTo(number);
    if (answer === undefined) throw new OwnerUnreachableError('OWNER_SILENT', this.#socket);
    if ('error' in answer) throw new OwnerRefusedError(answer.error);
    return answer.result as Wire<OwnerResults[Name]>;
  }

  /** Undefined when it did not come in time: it may come yet, and is then no answer to what is asked next. */
  #answerTo(number: number): WorkerAnswer | undefined {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const answered = Atomics.load(this.#words, ANSWERED);
      const received = receiveMessageOnPort(this.#port) as { message: WorkerAnswer } | undefined;
      if (received?.message.number === number) return received.message;
      if (received !== undefined) continue;
      const left = deadline - performance.now();
      if (left <= 0 || answered === number) return undefined;
      Atomics.wait(this.#words, ANSWERED, answered, left);
    }
  }

  [Symbol.dispose](): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}
