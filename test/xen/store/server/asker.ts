/** A client without manners of its own: sends what a test says and keeps what comes back, replies and events in order. */
import {
  decodeText,
  encodeMessage,
  encodeText,
  MessageDecoder,
  messageName,
  MessageType,
  type MessageName,
  type StoreTransport,
} from '../../../../src/xen/store/index.js';

export class Asker {
  /** `READ value`, `ERROR ENOENT|`, `WATCH_EVENT /a|token|`: NUL is shown as a bar. */
  readonly heard: string[] = [];
  ended = false;
  readonly #transport: StoreTransport;
  readonly #waiting = new Map<number, (reply: string) => void>();
  #requests = 0;
  #held: Uint8Array[] | undefined;

  constructor(transport: StoreTransport) {
    this.#transport = transport;
    const decoder = new MessageDecoder();
    transport.start({
      data: (bytes) => {
        decoder.push(bytes, ({ type, requestId, payload }) => {
          const line = `${messageName(type)} ${decodeText(payload).replaceAll('\0', '|')}`;
          this.heard.push(line);
          this.#waiting.get(requestId)?.(line);
          this.#waiting.delete(requestId);
        });
      },
      end: () => {
        this.ended = true;
        for (const resolve of this.#waiting.values()) resolve('the end');
      },
    });
  }

  /** The reply to a request whose payload has bars for NULs: `ask('WRITE', '/a|1')`. `the end` when there is none. */
  ask(type: MessageName | number, payload = '', transactionId = 0): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.set(this.#requests + 1, resolve);
      this.tell(type, payload, transactionId);
    });
  }

  /** The same without waiting. */
  tell(type: MessageName | number, payload = '', transactionId = 0): void {
    this.send(
      encodeMessage({
        type: typeof type === 'number' ? type : MessageType[type],
        requestId: ++this.#requests,
        transactionId,
        payload: encodeText(payload.replaceAll('|', '\0')) ?? new Uint8Array(0),
      }),
    );
  }

  send(bytes: Uint8Array): void {
    if (this.#held === undefined) this.#transport.send(bytes);
    else this.#held.push(bytes);
  }

  /** What is told meanwhile goes out at once, in one piece. */
  together(body: () => void): void {
    const held: Uint8Array[] = [];
    this.#held = held;
    body();
    this.#held = undefined;
    this.#transport.send(Buffer.concat(held));
  }

  /** The transaction's id. */
  async begin(): Promise<number> {
    return Number(/^TRANSACTION_START (\d+)\|$/.exec(await this.ask('TRANSACTION_START', '|'))?.[1]);
  }

  /** The events so far, without the word; a question before it makes sure that they have come. */
  async events(): Promise<string[]> {
    await this.ask('GET_DOMAIN_PATH', '0|');
    return this.heard.filter((line) => line.startsWith('WATCH_EVENT ')).map((line) => line.slice(12));
  }

  close(): void {
    this.#transport.close();
  }
}
