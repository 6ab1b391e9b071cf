/** A client of QEMU's monitor (QMP) over any connected stream: commands, their answers, and events. */
import type { Socket } from 'node:net';
import { ByteLines } from '../lines/index.js';
import {
  MonitorEndedError,
  MonitorProtocolError,
  MonitorRefusedError,
  MonitorSilentError,
} from './errors.js';
import { parseMessage, type JsonObject, type MonitorMessage } from './message.js';

/** Bytes of the longest line that is read: QEMU's longest, its schema, has some 300 KiB. */
const LONGEST_LINE = 4 * 1024 * 1024;

interface Waiting {
  readonly command: string;
  readonly settle: (value: unknown) => void;
  readonly fail: (error: Error) => void;
}

export interface MonitorClientOptions {
  /** What messages call it: the path of its socket. */
  readonly name: string;
  /** Milliseconds for the greeting; undefined: as long as it takes. */
  readonly greeting?: number;
  /** Milliseconds for the answer to a command; undefined: as long as it takes. */
  readonly patience?: number;
}

export class MonitorClient implements Disposable {
  /** Settles once it takes commands, with QEMU's version: `7.2.22`. */
  readonly ready: Promise<string>;
  readonly #stream: Socket;
  readonly #options: MonitorClientOptions;
  readonly #lines = new ByteLines(LONGEST_LINE);
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(name: string, data: JsonObject) => void>();
  #greeted: ((version: string) => void) | undefined;
  #last = 0;
  /** Why nothing is read any more. */
  #failure: Error | undefined;

  constructor(stream: Socket, options: MonitorClientOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on('data', (bytes: Buffer) => {
      this.#read(bytes);
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      this.#end((command) => new MonitorEndedError(options.name, command));
    });
    this.ready = this.#negotiate();
    this.ready.catch(() => undefined);
  }

  /**
   * @returns what QEMU returns, for the caller to look at.
   * @throws {MonitorRefusedError | MonitorEndedError | MonitorSilentError | MonitorProtocolError}
   */
  execute(command: string, given: JsonObject = {}, patience = this.#options.patience): Promise<unknown> {
    const id = ++this.#last;
    return this.#await(id, command, patience, () => {
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: given, id })}\n`);
    });
  }

  /** Tells of events until it is disposed of. An event that came before is not told. */
  onEvent(listener: (name: string, data: JsonObject) => void): Disposable {
    this.#listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  async #negotiate(): Promise<string> {
    const { greeting } = this.#options;
    const version = await this.#await(0, undefined, greeting, () => {
      this.#greeted = (told) => {
        this.#settle(0, (waiting) => {
          waiting.settle(told);
        });
      };
    });
    await this.execute('qmp_capabilities');
    return String(version);
  }

  #await(
    id: number,
    command: string | undefined,
    patience: number | undefined,
    begin: () => void,
  ): Promise<unknown> {
    const { name } = this.#options;
    return new Promise((settle, fail) => {
      if (this.#failure !== undefined || this.#stream.destroyed) {
        fail(this.#failure ?? new MonitorEndedError(name, command ?? 'anything'));
        return;
      }
      const timer =
        patience === undefined
          ? undefined
          : setTimeout(() => {
              this.#settle(id, () => {
                fail(new MonitorSilentError(name, command, patience / 1000));
              });
            }, patience);
      this.#waiting.set(id, {
        command: command ?? 'its greeting',
        settle: (value) => {
          clearTimeout(timer);
          settle(value);
        },
        fail: (error) => {
          clearTimeout(timer);
          fail(error);
        },
      });
      // Only who waits for an answer has a reason to stay.
      this.#stream.ref();
      begin();
    });
  }

  #settle(id: unknown, how: (waiting: Waiting) => void): void {
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined;
    if (waiting === undefined || typeof id !== 'number') return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#stream.unref();
    how(waiting);
  }

  #end(error: (command: string) => Error): void {
    for (const [id, { command }] of [...this.#waiting])
      this.#settle(id, (waiting) => {
        waiting.fail(error(command));
      });
  }

  #read(bytes: Buffer): void {
    if (this.#failure !== undefined) return;
    for (const line of this.#lines.push(bytes)) {
      if (line.trim() === '') continue;
      const message = parseMessage(line);
      if (message === undefined) {
        this.#giveUp(`"${line.slice(0, 80)}" is no message of its`);
        return;
      }
      this.#take(message);
    }
    if (this.#lines.tooLong) this.#giveUp(`a line has more than ${LONGEST_LINE} bytes`);
  }

  #giveUp(why: string): void {
    const failure = new MonitorProtocolError(this.#options.name, why);
    this.#failure = failure;
    this.#end(() => failure);
    this.#stream.destroy();
  }

  #take(message: MonitorMessage): void {
    switch (message.kind) {
      case 'greeting':
        this.#greeted?.(message.version);
        this.#greeted = undefined;
        return;
      case 'event':
        for (const listener of this.#listeners) listener(message.name, message.data);
        return;
      case 'answer':
        this.#settle(message.id, ({ settle }) => {
          settle(message.value);
        });
        return;
      case 'refusal':
        this.#settle(message.id, ({ command, fail }) => {
          fail(new MonitorRefusedError(command, message.errorClass, message.said));
        });
    }
  }
}
