/** The XenStore wire format: messages, their types and strings; the same for both ends (xen/include/public/io/xs_wire.h). */
import { XenStoreProtocolError } from './errors.js';

/** Message types by the protocol's own names. */
export const MessageType = {
  CONTROL: 0,
  DIRECTORY: 1,
  READ: 2,
  GET_PERMS: 3,
  WATCH: 4,
  UNWATCH: 5,
  TRANSACTION_START: 6,
  TRANSACTION_END: 7,
  INTRODUCE: 8,
  RELEASE: 9,
  GET_DOMAIN_PATH: 10,
  WRITE: 11,
  MKDIR: 12,
  RM: 13,
  SET_PERMS: 14,
  WATCH_EVENT: 15,
  ERROR: 16,
  IS_DOMAIN_INTRODUCED: 17,
  RESUME: 18,
  SET_TARGET: 19,
  RESET_WATCHES: 21,
  DIRECTORY_PART: 22,
  GET_FEATURE: 23,
  SET_FEATURE: 24,
  GET_QUOTA: 25,
  SET_QUOTA: 26,
} as const;

/** The name of a type. */
export type MessageName = keyof typeof MessageType;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);

/** Name of a type for texts; `type 99` for one that the protocol does not have. */
export function messageName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

/** Bytes before the payload. */
export const HEADER_SIZE = 16;
/** Most bytes of payload; who sends more loses the connection. */
export const MAX_PAYLOAD = 4096;

/** One message, either way. */
export interface Message {
  /** One of {@link MessageType}, or a number that this version does not know (a server answers ENOSYS). */
  readonly type: number;
  /** Repeated in the reply; 0 in watch events. */
  readonly requestId: number;
  /** 0 outside a transaction. */
  readonly transactionId: number;
  readonly payload: Uint8Array;
}

const EMPTY = new Uint8Array(0);

/**
 * A message as bytes.
 * @throws {XenStoreProtocolError} payload over 4096 bytes, or a number that is no u32.
 */
export function encodeMessage(message: Message): Uint8Array {
  const { type, requestId, transactionId, payload } = message;
  if (payload.length > MAX_PAYLOAD) throw tooLong(payload.length);
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of [type, requestId, transactionId, payload.length].entries()) {
    if (!Number.isInteger(word) || word < 0 || word > 0xffff_ffff) {
      throw new XenStoreProtocolError(`header word ${index} is no u32`, { word });
    }
    // The protocol says host order; every host that Xen's x86 and Arm ports run on is little-endian.
    view.setUint32(index * 4, word, true);
  }
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

/**
 * Takes a byte stream in chunks of any size and gives its messages, each with a payload of its own.
 * Never holds more than one header and one payload. After an error the stream has no known boundary any more:
 * every later {@link push} throws the same error.
 */
export class MessageDecoder {
  readonly #header = new Uint8Array(HEADER_SIZE);
  readonly #words = new DataView(this.#header.buffer);
  #headerFilled = 0;
  #payload: Uint8Array = EMPTY;
  #payloadFilled = 0;
  #error: XenStoreProtocolError | undefined;

  /** Bytes held of a message that is not yet whole: 0 at a boundary, at most 16 + 4096. */
  get buffered(): number {
    return this.#headerFilled + this.#payloadFilled;
  }

  /**
   * Calls `onMessage` for each message that `chunk` completes, in order; the messages before a fault are still given.
   * Not to be called again from inside `onMessage`.
   * @throws {XenStoreProtocolError} a message announces more than 4096 bytes of payload.
   */
  push(chunk: Uint8Array, onMessage: (message: Message) => void): void {
    if (this.#error !== undefined) throw this.#error;
    let at = 0;
    // A message without payload is whole at its header's last byte, so the state is looked at before and after.
    while (at < chunk.length) {
      at += this.#headerFilled < HEADER_SIZE ? this.#takeHeader(chunk, at) : this.#takePayload(chunk, at);
      if (this.#headerFilled === HEADER_SIZE && this.#payloadFilled === this.#payload.length) {
        onMessage(this.#finish());
      }
    }
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(chunk.length - at, HEADER_SIZE - this.#headerFilled);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === HEADER_SIZE) {
      const length = this.#words.getUint32(12, true);
      if (length > MAX_PAYLOAD) {
        this.#headerFilled = 0;
        this.#error = tooLong(length);
        throw this.#error;
      }
      this.#payload = length === 0 ? EMPTY : new Uint8Array(length);
    }
    return taken;
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const taken = Math.min(chunk.length - at, this.#payload.length - this.#payloadFilled);
    this.#payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
    this.#payloadFilled += taken;
    return taken;
  }

  #finish(): Message {
    const message: Message = {
      type: this.#words.getUint32(0, true),
      requestId: this.#words.getUint32(4, true),
      transactionId: this.#words.getUint32(8, true),
      payload: this.#payload,
    };
    this.#headerFilled = 0;
    this.#payloadFilled = 0;
    this.#payload = EMPTY;
    return message;
  }
}

function tooLong(length: number): XenStoreProtocolError {
  return new XenStoreProtocolError(`a payload of ${length} bytes, more than ${MAX_PAYLOAD}`, {
    length,
    limit: MAX_PAYLOAD,
  });
}

/**
 * Text as bytes, one each: latin1, because values are bytes and any other encoding would lose some of them.
 * Undefined when a character lies beyond U+00FF.
 */
export function encodeText(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0xff) return undefined;
    bytes[index] = unit;
  }
  return bytes;
}

/** Bytes as text, one character each; the inverse of {@link encodeText}. */
export function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Strings as the protocol lists them, each ended by NUL. Undefined when {@link encodeText} fails or one has a NUL inside. */
export function encodeStrings(...texts: readonly string[]): Uint8Array | undefined {
  if (texts.some((text) => text.includes('\0'))) return undefined;
  return encodeText(texts.map((text) => `${text}\0`).join(''));
}

/** The strings of a payload, undefined when the last one is not ended by NUL. No bytes are no strings. */
export function decodeStrings(payload: Uint8Array): readonly string[] | undefined {
  if (payload.length === 0) return [];
  if (payload[payload.length - 1] !== 0) return undefined;
  return decodeText(payload.subarray(0, -1)).split('\0');
}
