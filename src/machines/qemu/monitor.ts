/** QEMU's monitor (QMP): commands and answers, a JSON object a line. */
import type { Socket } from 'node:net';
import { QemuCommandError } from './errors.js';

interface Answer {
  readonly settle: (value: unknown) => void;
  readonly fail: (error: Error) => void;
  readonly command: string;
}

/** What a line of the monitor's may be (QEMU, docs/interop/qmp-spec.txt). */
interface Message {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly desc?: unknown };
  readonly event?: unknown;
}

export class Monitor {
  readonly #stream: Socket;
  readonly #waiting: Answer[] = [];
  #text = '';
  #greeted: (() => void) | undefined;
  /** Settles once QEMU has made all its devices and takes commands. */
  readonly ready: Promise<void>;

  constructor(stream: Socket) {
    this.#stream = stream;
    const greeting = new Promise<void>((resolve) => {
      this.#greeted = resolve;
    });
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.#text += text;
      const lines = this.#text.split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      for (const { command, fail } of this.#waiting.splice(0))
        fail(new QemuCommandError(command, 'QEMU has ended'));
    });
    this.ready = greeting.then(() => this.execute('qmp_capabilities')).then(() => undefined);
  }

  /** @throws {QemuCommandError} */
  execute(command: string, given: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return new Promise((settle, fail) => {
      if (this.#stream.destroyed) {
        fail(new QemuCommandError(command, 'QEMU has ended'));
        return;
      }
      this.#waiting.push({ settle, fail, command });
      // Only who waits for an answer has a reason to stay.
      this.#stream.ref();
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: given })}\n`);
    });
  }

  close(): void {
    this.#stream.destroy();
  }

  #take(line: string): void {
    const message = JSON.parse(line) as Message;
    if (message.QMP !== undefined) this.#greeted?.();
    if (message.error === undefined && message.return === undefined) return;
    const answer = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#stream.unref();
    if (message.error === undefined) answer?.settle(message.return);
    else answer?.fail(new QemuCommandError(answer.command, String(message.error.desc)));
  }
}
