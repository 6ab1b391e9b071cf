/** What a domain's program prints, passed on piece by piece: however much it is, others have their turn in between. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as turn } from 'node:timers/promises';

/** Bytes of a piece, one to a turn of the event loop. */
const PIECE = 16 * 1024;

/** A program that prints faster than that waits, or keeps it in its own memory: no more than one of its writes is here. */
export class DomainOutput {
  /** Settles when everything was passed on, or at {@link stop}; never rejects. */
  readonly ended: Promise<void>;
  readonly #stream: Readable;
  readonly #onText: (text: string) => void;
  #stopped = false;

  /** `stream` gives bytes. `onText` gets text that is cut anywhere, but inside of no character. */
  constructor(stream: Readable, onText: (text: string) => void) {
    this.#stream = stream;
    this.#onText = onText;
    this.ended = this.#passOn().catch((error: unknown) => {
      process.emitWarning(error instanceof Error ? error : String(error));
    });
  }

  /** What has not been passed on is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#stream.destroy();
  }

  async #passOn(): Promise<void> {
    const decoder = new StringDecoder('utf8');
    for await (const bytes of this.#chunks()) {
      for (let at = 0; at < bytes.length; at += PIECE) {
        if (this.#stopped) return;
        this.#onText(decoder.write(bytes.subarray(at, at + PIECE)));
        await turn();
      }
    }
    this.#onText(decoder.end());
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const bytes of this.#stream as AsyncIterable<Buffer>) yield bytes;
    } catch (error) {
      // A stream that is destroyed while somebody waits for it says so.
      if (!this.#stopped) throw error;
    }
  }
}
