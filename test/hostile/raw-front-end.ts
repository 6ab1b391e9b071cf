/** A front end without manners: publishes its page and port like any other, and leaves the page to whoever attacks with it. */
import { DOM0 } from '../../src/xen/domain.js';
import { backendPath, frontendPath } from '../../src/xen/pciif/index.js';
import type { GrantedPage, GuestPlatform, OfferedChannel } from '../../src/xen/platform.js';

export class RawFrontEnd {
  /** The page as 1024 words, for the guest to write as it likes. */
  readonly words: Int32Array;
  readonly channel: OfferedChannel;
  readonly #platform: GuestPlatform;
  readonly #page: GrantedPage;
  #connected = 0;

  constructor(platform: GuestPlatform) {
    this.#platform = platform;
    this.#page = platform.sharePage(DOM0);
    this.channel = platform.offerChannel(DOM0);
    const { buffer, byteOffset, byteLength } = this.#page.bytes;
    this.words = new Int32Array(buffer, byteOffset, byteLength / 4);
    // A front end of today, as the back end tells them apart: it takes functions while it runs.
    Atomics.store(this.words, 0, AER_HANDLER);
  }

  /** How often the back end has connected to it. */
  get connected(): number {
    return this.#connected;
  }

  /** Connects to each new pair, with these keys in place of the true ones, and follows hot changes. */
  async follow(lies: Readonly<Record<string, string>> = {}): Promise<void> {
    const { domain, store } = this.#platform;
    const [back, front] = [`${backendPath(DOM0, domain)}/state`, `${frontendPath(domain)}/state`];
    // Refused while there is no pair: a guest may not know what is not there.
    const read = (path: string) => store.read(path).catch(() => undefined);
    await store.watch(back, async () => {
      const [theirs, ours] = [await read(back), await read(front)];
      const next = ANSWERS[`${theirs ?? ''} ${ours ?? ''}`];
      if (next === undefined) return;
      if (next === '3') await this.#publish(lies);
      else await store.write(front, next).catch(() => undefined);
      if (theirs === '4') this.#connected++;
    });
  }

  async #publish(lies: Readonly<Record<string, string>>): Promise<void> {
    const { domain, store } = this.#platform;
    const keys = {
      'pci-op-ref': String(this.#page.reference),
      'event-channel': String(this.channel.port),
      magic: '7',
      ...lies,
    };
    // One by one: a hostile guest's transactions are the store's affair.
    for (const [key, value] of Object.entries(keys))
      await store.write(`${frontendPath(domain)}/${key}`, value).catch(() => undefined);
    await store.write(`${frontendPath(domain)}/state`, '3').catch(() => undefined);
  }
}

/** Flag of the page's first word. */
const AER_HANDLER = 2;

/** What pcifront makes its own state, by the back end's and its own. */
const ANSWERS: Readonly<Record<string, string>> = { '3 1': '3', '4 3': '4', '7 4': '7', '8 7': '4' };
