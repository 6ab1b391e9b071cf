/** The thread that asks the owner for a program that waits: its answer is there before the program is woken. */
import { workerData, type MessagePort } from 'node:worker_threads';
import { errorData } from '../pci/index.js';
import { askOwner } from './client.js';
import type { RequestParameters } from './request-schemas.js';
import { ANSWERED, type AskedOfWorker, type WorkerAnswer } from './synchronous-client.js';

const { socket, port, words } = workerData as {
  readonly socket: string;
  readonly port: MessagePort;
  readonly words: Int32Array;
};

async function answer({ number, request, parameters }: AskedOfWorker): Promise<WorkerAnswer> {
  try {
    const result = await askOwner(socket, request, parameters as RequestParameters<typeof request>);
    return { number, result };
  } catch (error) {
    return { number, error: errorData(error) };
  }
}

port.on('message', (asked: AskedOfWorker) => {
  void answer(asked).then((answered) => {
    port.postMessage(answered);
    Atomics.store(words, ANSWERED, asked.number);
    Atomics.notify(words, ANSWERED);
  });
});
