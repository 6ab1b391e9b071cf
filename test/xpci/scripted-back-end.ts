/** A back end for tests that says what the test wants, and answers as carelessly as Linux's: whatever is in the page by then. */
import { domainId } from '../../src/xen/domain.js';
import type { EventChannel, EventPort, GrantReference } from '../../src/xen/platform.js';
import { WORD } from '../pciback/shared-page-guest.js';
import type { LocalHost } from '../xen/local-host.js';
import { permissions } from '../xen/store/tree-text.js';
import { BACK, FRONT } from './guest.js';

/** The back end's own request begins there, and its flag (pciif.h). */
const AER_WORD = 138;
const AER_ACTIVE = 4;

/** An operation as it stands in the page. */
export type Request = Readonly<Record<Exclude<keyof typeof WORD, 'flags' | 'entries'>, number>>;

export interface Answer {
  readonly error: number;
  readonly value: number;
  readonly pirqs?: readonly number[];
}

/** Nothing there, as Linux answers. */
export const ABSENT: Answer = { error: -1, value: 0 };

export class ScriptedBackEnd {
  readonly requests: Request[] = [];
  /** Answers nothing now. */
  silent = false;
  readonly #host: LocalHost;
  readonly #answer: (request: Request) => Answer | undefined;
  #words: Int32Array = new Int32Array(1024);
  #channel: EventChannel | undefined;

  /** `answer` gives undefined for what is not answered now. */
  constructor(host: LocalHost, answer: (request: Request) => Answer | undefined) {
    this.#host = host;
    this.#answer = answer;
  }

  /** The pair as tool stack and back end leave it before the front end has said a word, and the rest of the handshake. */
  async serve(keys: Readonly<Record<string, string>> = {}): Promise<void> {
    const { server } = this.#host;
    const { store } = this.#host.platform;
    await store.transaction(async (tx) => {
      await tx.mkdir(BACK);
      await tx.setPermissions(BACK, permissions('n0', 'r1'));
      await tx.mkdir(FRONT);
      await tx.setPermissions(FRONT, permissions('n1', 'r0'));
      for (const [key, value] of Object.entries({ state: '3', ...keys }))
        await tx.write(`${BACK}/${key}`, value);
      await tx.write(`${FRONT}/backend`, BACK);
      await tx.write(`${FRONT}/backend-id`, '0');
      await tx.write(`${FRONT}/state`, '1');
    });
    const watch = await store.watch(`${FRONT}/state`, () => {
      if (server.read(`${FRONT}/state`) !== '3' || this.#channel !== undefined) return;
      this.#connect();
      server.write(`${BACK}/state`, '4');
    });
    this.stop = () => watch.unwatch();
  }

  stop: () => Promise<void> = () => Promise.resolve();

  #connect(): void {
    const { server, platform } = this.#host;
    const guest = domainId(1);
    const number = (key: string) => Number(server.read(`${FRONT}/${key}`));
    const page = platform.mapGrant(guest, number('pci-op-ref') as GrantReference);
    const { buffer, byteOffset, byteLength } = page.bytes;
    this.#words = new Int32Array(buffer, byteOffset, byteLength / 4);
    this.#channel = platform.bindChannel(guest, number('event-channel') as EventPort, () => {
      this.#serve();
      return false;
    });
  }

  get request(): Request {
    const word = (name: keyof typeof WORD) => this.#words[WORD[name]] ?? 0;
    return {
      command: word('command'),
      error: word('error'),
      domain: word('domain'),
      bus: word('bus'),
      devfn: word('devfn'),
      offset: word('offset'),
      size: word('size'),
      value: word('value'),
    };
  }

  #serve(): void {
    const { request } = this;
    this.requests.push(request);
    const answer = this.silent ? undefined : this.#answer(request);
    if (answer !== undefined) this.reply(answer);
  }

  /** Writes an answer over whatever stands in the page, and wakes the front end. */
  reply({ error, value, pirqs = [] }: Answer): void {
    this.#words[WORD.error] = error;
    this.#words[WORD.value] = value | 0;
    for (const [index, pirq] of pirqs.entries()) this.#words[WORD.entries + index] = pirq;
    Atomics.and(this.#words, WORD.flags, ~1);
    this.wake();
  }

  get flags(): number {
    return this.#words[WORD.flags] ?? 0;
  }

  /** A request of its own; the front end is still to be woken. */
  post(request: Readonly<Record<'command' | 'error' | 'domain' | 'bus' | 'devfn', number>>): void {
    const { command, error, domain, bus, devfn } = request;
    this.#words.set([command, error, domain, bus, devfn], AER_WORD);
    Atomics.or(this.#words, WORD.flags, AER_ACTIVE);
  }

  /** Takes its request back. */
  withdraw(): void {
    Atomics.and(this.#words, WORD.flags, ~AER_ACTIVE);
  }

  /** Its request is not answered yet. */
  get asking(): boolean {
    return (this.flags & AER_ACTIVE) !== 0;
  }

  get aerResult(): number {
    return this.#words[AER_WORD + 1] ?? NaN;
  }

  /** A wake-up that says nothing. */
  wake(): void {
    this.#channel?.notify();
  }
}
