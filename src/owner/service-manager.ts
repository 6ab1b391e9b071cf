/** The service manager that started us, where one did: it is told when we are ready, alive and about to stop (sd_notify(3)). */
import { sendDatagram } from '../os/index.js';

/** Words that the manager understands, one a line. */
type Word = `READY=1` | `STOPPING=1` | `WATCHDOG=1` | `STATUS=${string}`;

/** Does nothing where nobody asked for it. A manager that cannot be told must not stop what it manages. */
export class ServiceManager implements Disposable {
  readonly #socket: string | undefined;
  readonly #onError: (error: unknown) => void;
  #alive: NodeJS.Timeout | undefined;

  constructor(onError: (error: unknown) => void, environment: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET: socket } = environment;
    this.#socket = socket === undefined || !/^[/@]/.test(socket) ? undefined : socket;
    this.#onError = onError;
    const interval = watchdogInterval(environment);
    if (this.#socket === undefined || interval === undefined) return;
    // From the event loop: a process whose loop stands still answers no guest either.
    this.#alive = setInterval(() => {
      this.#tell('WATCHDOG=1');
    }, interval).unref();
  }

  ready(status: string): void {
    this.#tell('READY=1', `STATUS=${status}`);
  }

  stopping(): void {
    this.#tell('STOPPING=1');
  }

  #tell(...words: readonly Word[]): void {
    if (this.#socket === undefined) return;
    try {
      sendDatagram(this.#socket, words.map((word) => word.replaceAll('\n', ' ')).join('\n'));
    } catch (error) {
      this.#onError(error);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#alive);
  }
}

/** Milliseconds between signs of life: half of what the manager waits. Undefined where it does not wait for us. */
function watchdogInterval({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return undefined;
  const microseconds = Number(WATCHDOG_USEC);
  return microseconds > 0 ? Math.max(1, Math.floor(microseconds / 2000)) : undefined;
}
