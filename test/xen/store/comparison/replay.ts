/** Plays the steps of a comparison on a server and notes every message that comes back, in order, on each connection. */
import {
  encodeMessage,
  encodeText,
  decodeText,
  MessageDecoder,
  MessageType,
  MAX_PAYLOAD,
  type Message,
  type StoreTransport,
} from '../../../../src/xen/store/index.js';
import { CONNECTIONS, describeStep, type RequestStep, type Step } from './step.js';

/** What one step brought: for each connection the messages in order, as lines. */
export interface Outcome {
  readonly connections: readonly (readonly string[])[];
}

export interface Replay {
  readonly outcomes: readonly Outcome[];
  readonly replies: number;
  readonly events: number;
}

/** Of the question that marks the end of a step; no step asks under it. */
const MARK = 0xffff_fff0;

/**
 * Each step waits for its reply, and then for a question on every connection, so that the events that it caused have
 * come: servers drop an event that equals one that still waits, and how long one waits is none of theirs to say.
 */
export async function replay(
  open: (connection: number) => Promise<StoreTransport>,
  steps: readonly Step[],
): Promise<Replay> {
  const lines: Line[] = [];
  for (let index = 0; index < CONNECTIONS; index++) {
    const line = new Line(await open(index));
    // xenstored lets two wait to be accepted and turns the third away.
    await line.mark();
    lines.push(line);
  }
  const normal = new Normaliser();
  const outcomes: Outcome[] = [];
  try {
    for (const [index, step] of steps.entries()) {
      const line = lines[step.connection];
      if (line === undefined) throw new RangeError(`no connection ${step.connection}`);
      try {
        if (step.kind === 'request') {
          await line.ask(encode(step, index, normal));
        } else {
          await line.cut(step.how);
          lines[step.connection] = new Line(await open(step.connection), line.heard);
        }
        if (mayTell(step)) await Promise.all(lines.map((one) => one.mark()));
      } catch (cause) {
        throw new Error(`no answer at step ${index}: ${describeStep(step)}`, { cause });
      }
      outcomes.push({
        connections: lines.map((one) => one.take().map((message) => normal.line(message, step, index))),
      });
    }
  } finally {
    for (const line of lines) line.close();
  }
  return { outcomes, replies: normal.replies, events: normal.events };
}

/** Whether events may follow. Not after a question, which spares it the wait. */
function mayTell(step: Step): boolean {
  return step.kind === 'cut' || !QUESTIONS.has(step.type);
}

const QUESTIONS: ReadonlySet<number> = new Set([
  MessageType.READ,
  MessageType.DIRECTORY,
  MessageType.DIRECTORY_PART,
  MessageType.GET_PERMS,
  MessageType.GET_DOMAIN_PATH,
  MessageType.IS_DOMAIN_INTRODUCED,
]);

function encode(step: RequestStep, index: number, normal: Normaliser): Uint8Array {
  const { type, transaction, payload } = step;
  const transactionId = 'id' in transaction ? transaction.id : normal.transactionBegunAt(transaction.begunAt);
  return encodeMessage({
    type,
    requestId: index,
    transactionId,
    payload: encodeText(payload) ?? new Uint8Array(0),
  });
}

/** What a connection has heard: a message, or its end. */
type Heard = Message | 'end';

class Line {
  heard: Heard[];
  readonly #transport: StoreTransport;
  readonly #waiting: {
    readonly isIt: (heard: Heard) => boolean;
    readonly resolve: () => void;
    readonly reject: (why: Error) => void;
  }[] = [];
  #closing = false;

  constructor(transport: StoreTransport, heard: Heard[] = []) {
    this.heard = heard;
    this.#transport = transport;
    const decoder = new MessageDecoder();
    transport.start({
      data: (bytes) => {
        decoder.push(bytes, (message) => {
          this.#hear(message);
        });
      },
      end: () => {
        if (!this.#closing) this.#hear('end');
      },
    });
  }

  /** Settles with the reply, which bears the request's number. */
  async ask(bytes: Uint8Array): Promise<void> {
    const id = new DataView(bytes.buffer).getUint32(4, true);
    const reply = this.#next(
      (one) => one !== 'end' && one.type !== MessageType.WATCH_EVENT && one.requestId === id,
    );
    this.#transport.send(bytes);
    await reply;
  }

  async mark(): Promise<void> {
    const payload = encodeText('0\0') ?? new Uint8Array(0);
    const { GET_DOMAIN_PATH: type } = MessageType;
    await this.ask(encodeMessage({ type, requestId: MARK, transactionId: 0, payload }));
  }

  async cut(how: 'too long' | 'half a message'): Promise<void> {
    const bytes = encodeMessage({
      type: MessageType.READ,
      requestId: MARK,
      transactionId: 0,
      payload: new Uint8Array(8),
    });
    if (how === 'half a message') {
      this.#transport.send(bytes.subarray(0, 20));
      this.close();
      this.heard.push('end');
      return;
    }
    new DataView(bytes.buffer).setUint32(12, MAX_PAYLOAD + 1, true);
    const end = this.#next((one) => one === 'end');
    this.#transport.send(bytes);
    await end;
  }

  close(): void {
    this.#closing = true;
    this.#transport.close();
  }

  /** All that was heard since the last time, without the marks. */
  take(): readonly Heard[] {
    const heard = this.heard.filter((one) => one === 'end' || one.requestId !== MARK);
    this.heard = [];
    return heard;
  }

  #next(isIt: (heard: Heard) => boolean): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ isIt, resolve, reject }));
  }

  #hear(heard: Heard): void {
    this.heard.push(heard);
    const index = this.#waiting.findIndex(({ isIt }) => isIt(heard));
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve();
    if (heard !== 'end') return;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the server ended the connection'));
  }
}

/**
 * The two things in which equal servers differ: a transaction's id becomes the step that began it, a generation the
 * count of those seen before it. Two servers that are told apart by neither are told apart by nothing.
 */
class Normaliser {
  replies = 0;
  events = 0;
  readonly #idOf = new Map<number, number>();
  readonly #begunAt = new Map<string, number>();
  readonly #generations = new Map<string, number>();

  /** One that was refused is named by an id that nothing has. */
  transactionBegunAt(step: number): number {
    return this.#idOf.get(step) ?? 0x7fff_ffff;
  }

  line(heard: Heard, step: Step, index: number): string {
    if (heard === 'end') return 'the end';
    if (heard.type === MessageType.WATCH_EVENT) this.events++;
    else this.replies++;
    const { type, requestId, transactionId } = heard;
    let text = decodeText(heard.payload);
    if (type === MessageType.TRANSACTION_START) {
      this.#idOf.set(index, Number(text.slice(0, -1)));
      this.#begunAt.set(`${step.connection}/${text.slice(0, -1)}`, index);
      text = `transaction ${index}${text.slice(-1)}`;
    }
    if (type === MessageType.DIRECTORY_PART) {
      const generation = text.slice(0, text.indexOf('\0'));
      if (!this.#generations.has(generation)) this.#generations.set(generation, this.#generations.size);
      text = `generation ${this.#generations.get(generation) ?? '?'}${text.slice(generation.length)}`;
    }
    const begun = this.#begunAt.get(`${step.connection}/${transactionId}`);
    const transaction = begun === undefined ? `id ${transactionId}` : `begun at ${begun}`;
    return `type ${type}, request ${requestId}, transaction ${transaction}: ${JSON.stringify(text)}`;
  }
}
