/** Event channels of one domain, from the hypervisor's side: who owns which port, and raising them. */
import type { DomainId } from '../domain.js';
import type { EventPort, Pirq } from '../platform.js';
import { Errno, PORTS, portWord, PortWord, STORE_PORT, Word, type MessagePortLike } from './control-block.js';

/** What an event of the domain's causes: the handler of the other end. */
export type OnNotified = () => void;

type Channel =
  | { readonly kind: 'offered'; readonly peer: DomainId; bound: OnNotified | undefined }
  | { readonly kind: 'store'; readonly bound: OnNotified }
  | { readonly kind: 'pirq'; readonly pirq: Pirq };

export class EventChannels {
  readonly #words: Int32Array;
  readonly #doorbell: MessagePortLike;
  readonly #channels: (Channel | undefined)[] = [];

  constructor(words: Int32Array, doorbell: MessagePortLike) {
    this.#words = words;
    this.#doorbell = doorbell;
  }

  /** Open ports, that of the store included. */
  get count(): number {
    return this.#channels.filter((channel) => channel !== undefined).length;
  }

  /** The store's end of the channel that every domain has from the start. */
  bindStore(onNotified: OnNotified): void {
    this.#channels[STORE_PORT] = { kind: 'store', bound: onNotified };
  }

  /** @returns the port, or the negative error number. */
  offer(peer: DomainId): number {
    return this.#open({ kind: 'offered', peer, bound: undefined });
  }

  bindPirq(pirq: Pirq): number {
    return this.#open({ kind: 'pirq', pirq });
  }

  /** The other end of an offered port. @returns 0 or the negative error number. */
  bind(peer: DomainId, port: EventPort, onNotified: OnNotified): number {
    const channel = this.#channels[port];
    if (channel?.kind !== 'offered' || channel.peer !== peer) return -Errno.EINVAL;
    if (channel.bound !== undefined) return -Errno.EBUSY;
    channel.bound = onNotified;
    return 0;
  }

  unbind(port: EventPort): void {
    const channel = this.#channels[port];
    if (channel?.kind === 'offered') channel.bound = undefined;
  }

  /** The domain notifies: the other end's handler runs before this returns. */
  notify(port: number): number {
    const channel = this.#channels[port];
    if (channel === undefined || channel.kind === 'pirq') return -Errno.EINVAL;
    channel.bound?.();
    return 0;
  }

  /** The pirq of a port. */
  pirqOf(port: number): Pirq | undefined {
    const channel = this.#channels[port];
    return channel?.kind === 'pirq' ? channel.pirq : undefined;
  }

  /** @returns 0 or the negative error number. The store's channel stays. */
  close(port: number): number {
    const channel = this.#channels[port];
    if (channel === undefined || channel.kind === 'store') return -Errno.EINVAL;
    this.#channels[port] = undefined;
    return 0;
  }

  /** An event for the domain, counted; a domain that sleeps in a call sees it when it looks again. */
  raise(port: number): void {
    const words = this.#words;
    Atomics.add(words, portWord(port, PortWord.count), 1);
    Atomics.store(words, portWord(port, PortWord.pending), 1);
    Atomics.add(words, Word.sequence, 1);
    Atomics.notify(words, Word.sequence);
    if (Atomics.load(words, portWord(port, PortWord.masked)) !== 0) return;
    // One message for all events until the domain has looked: a storm cannot fill its queue.
    if (Atomics.exchange(words, Word.doorbell, 1) === 0) this.#doorbell.postMessage(0);
  }

  #open(channel: Channel): number {
    for (let port = STORE_PORT + 1; port < PORTS; port++) {
      if (this.#channels[port] !== undefined) continue;
      const words = this.#words;
      Atomics.store(words, portWord(port, PortWord.pending), 0);
      Atomics.store(words, portWord(port, PortWord.count), 0);
      // The domain opens it when it wants to be woken by message.
      Atomics.store(words, portWord(port, PortWord.masked), 1);
      this.#channels[port] = channel;
      return port;
    }
    return -Errno.ENOSPC;
  }
}
