/** A guest whose processor is this thread: it writes its page, notifies, and every answer is judged by a model. */
import type { LocalGuestPlatform } from '../../src/xen/local/index.js';
import type { Random } from '../xen/store/comparison/random.js';
import type { KindCounts } from './kind-counts.js';
import { pageLoads } from './page-loads.js';
import { anyRequest, PAGE_KINDS, post, rewritePage, type Ground, type PageKind } from './page-operations.js';
import type { RawFrontEnd } from './raw-front-end.js';
import { COMMAND, ERROR, type Request, type RequestModel } from './request-model.js';
import { WORD } from '../pciback/shared-page-guest.js';
import type { Traffic, WatchedPlatform } from './watched-platform.js';

/** Those that rewrite the page while it is read, and one that asks for nothing. */
const MORE_KINDS = ['page rewritten while it is read', 'event without a request'] as const;
type Kind = PageKind | (typeof MORE_KINDS)[number];
export const KINDS: readonly [Kind, ...Kind[]] = [...MORE_KINDS, ...(Object.keys(PAGE_KINDS) as PageKind[])];

/** Loads of one operation: flag, eight words, vectors, and the comparison at the reply. */
const MOST_LOADS = 40;
const VECTORS = 128;

export class PageAttacker {
  #current: (() => Request) | undefined;
  readonly #ground: Ground;
  readonly #front: RawFrontEnd;
  readonly #guest: LocalGuestPlatform;
  readonly #platform: WatchedPlatform;
  readonly #model: RequestModel;
  readonly #counts: KindCounts;
  readonly #onFinding: (finding: string) => void;

  constructor(options: {
    readonly random: Random;
    readonly front: RawFrontEnd;
    readonly guest: LocalGuestPlatform;
    readonly platform: WatchedPlatform;
    readonly model: RequestModel;
    readonly own: Ground['own'];
    readonly foreign: Ground['foreign'];
    readonly counts: KindCounts;
    readonly onFinding: (finding: string) => void;
  }) {
    const { random, front, own, foreign } = options;
    this.#ground = { random, words: front.words, own, foreign };
    this.#front = front;
    this.#guest = options.guest;
    this.#platform = options.platform;
    this.#model = options.model;
    this.#counts = options.counts;
    this.#onFinding = options.onFinding;
  }

  /** The request whose service goes on, as it was copied. */
  get current(): Request | undefined {
    return this.#current?.();
  }

  get #traffic(): Traffic {
    return this.#platform.traffic(this.#guest.domain);
  }

  /** Requests that were answered or refused so far. */
  get serviced(): number {
    const { answered, refused } = this.#traffic;
    return answered + refused;
  }

  /** One operation of any kind. */
  attack(): void {
    const kind = this.#ground.random.pick(KINDS);
    const count = this.#counts.of(kind);
    const { answered, refused } = this.#traffic;
    count.sent++;
    if (kind === 'event without a request') this.#storm();
    else if (kind === 'page rewritten while it is read') this.#rewrite(kind);
    else {
      PAGE_KINDS[kind](this.#ground);
      this.#ask(kind);
    }
    const now = this.#traffic;
    if (now.answered > answered) count.answered++;
    else if (now.refused > refused) count.refused++;
    else count.left++;
  }

  /** Interrupts off, of all of its functions: what is open then is always the same. */
  calm(): void {
    for (const devfn of this.#ground.own) {
      post(this.#ground, { command: COMMAND.disableMsix, devfn });
      this.#ask('interrupts in any state');
    }
  }

  #storm(): void {
    const { random, words } = this.#ground;
    words[WORD.flags] = (random.below(0x1_0000_0000) | 0) & ~1;
    const before = words.slice(0, WORD.entries);
    this.#front.channel.notify();
    if (before.some((value, index) => words[index] !== value))
      this.#onFinding('an event without a request changed the page');
  }

  #ask(kind: Kind): void {
    const { words } = this.#ground;
    const request = requestOf((index) => words[index] ?? 0);
    const before = words.slice(0, WORD.entries + VECTORS);
    this.#current = () => request;
    const replied = this.#notify();
    this.#current = undefined;
    const expected = this.#model.answer(request);
    if (!replied) {
      this.#find(kind, request, 'no reply');
      return;
    }
    this.#judge(kind, request, expected);
    this.#judgePage(kind, request, expected, before);
  }

  /** Everything that is not the answer stands as the guest has written it. */
  #judgePage(kind: Kind, request: Request, expected: number, before: Int32Array): void {
    const { words } = this.#ground;
    const vectors = request.command === COMMAND.enableMsix && expected === 0 ? request.value : 0;
    for (let index = 0; index < before.length; index++) {
      if (index === WORD.error || index === WORD.value) continue;
      const was = index === WORD.flags ? (before[index] ?? 0) & ~1 : before[index];
      const answers = index >= WORD.entries && index < WORD.entries + vectors;
      if (words[index] !== was && !answers) {
        this.#find(kind, request, `word ${index} of the page was written`);
        return;
      }
    }
  }

  #rewrite(kind: Kind): void {
    const { random, words } = this.#ground;
    if (random.oneIn(4)) PAGE_KINDS['interrupts in any state'](this.#ground);
    else anyRequest(this.#ground);
    const posted = words.slice(0, WORD.value + 1);
    const restore = random.oneIn(2)
      ? () => {
          words.set(posted);
        }
      : undefined;
    // Mostly while the words of the request are read, for which there is a load each.
    const after = random.below(random.oneIn(4) ? MOST_LOADS : WORD.value + 2);
    pageLoads.watch(words, after, () => rewritePage(this.#ground), restore);
    // The request is what was read first of each word; nothing else may count.
    const copied = () =>
      requestOf((index) => {
        const value = pageLoads.first[index] ?? NaN;
        return Number.isNaN(value) ? (words[index] ?? 0) : value;
      });
    this.#current = copied;
    const replied = this.#notify();
    this.#current = undefined;
    const request = copied();
    pageLoads.end();
    const expected = this.#model.answer(request);
    if (replied) this.#judge(kind, request, expected);
  }

  /** @returns whether the back end has replied. */
  #notify(): boolean {
    const { notifies } = this.#traffic;
    this.#front.channel.notify();
    return this.#traffic.notifies > notifies;
  }

  #judge(kind: Kind, request: Request, expected: number): void {
    const { words } = this.#ground;
    const error = words[WORD.error];
    if (error !== expected) this.#find(kind, request, `error ${error ?? NaN}, and not ${expected}`);
    else if (error === ERROR.success) {
      const pirqs = this.#platform.mapped.filter(({ guest }) => guest === this.#guest.domain);
      const wrong = this.#model.wrongValue(request, words, pirqs);
      if (wrong !== undefined) this.#find(kind, request, wrong);
    } else if (request.command === COMMAND.read && words[WORD.value] !== 0)
      this.#find(kind, request, 'a value beside an error');
  }

  #find(kind: Kind, { entries, ...request }: Request, what: string): void {
    this.#onFinding(`${kind}: ${what}: ${JSON.stringify({ ...request, entries: entries.slice(0, 4) })}`);
  }
}

/** Words are numbers of 32 bits: offset and size signed, all others not. */
function requestOf(word: (index: number) => number): Request {
  return {
    command: word(WORD.command) >>> 0,
    domain: word(WORD.domain) >>> 0,
    bus: word(WORD.bus) >>> 0,
    devfn: word(WORD.devfn) >>> 0,
    offset: word(WORD.offset) | 0,
    size: word(WORD.size) | 0,
    value: word(WORD.value) >>> 0,
    entries:
      word(WORD.command) === COMMAND.enableMsix
        ? Array.from(
            { length: Math.min(word(WORD.value) >>> 0, VECTORS) },
            (_, index) => word(WORD.entries + index) >>> 16,
          )
        : [],
  };
}
