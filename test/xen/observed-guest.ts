/** A guest's platform seen from beside: what is open now, and what happens elsewhere while its thread is blocked. */
import type { Dma, DmaBuffer } from '../../src/function/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import type { LocalGuestPlatform } from '../../src/xen/local/index.js';
import type { BoundPirq, GrantedPage, MappedRange, OfferedChannel, Pirq } from '../../src/xen/platform.js';
import type { XenStore } from '../../src/xen/store/index.js';

type Counted = 'pages' | 'channels' | 'ranges' | 'buffers';

export class ObservedGuest implements LocalGuestPlatform {
  readonly rangeKinds;
  readonly open: Record<Counted, number> = { pages: 0, channels: 0, ranges: 0, buffers: 0 };
  /** Every pirq that was ever bound, by its number: the last binding of each. */
  readonly bound = new Map<number, { open: boolean; acknowledged: number }>();
  /** What happens elsewhere while this guest waits for the back end; otherwise only time passes. */
  meanwhile: (() => void) | undefined;
  /** Binding a pirq fails. */
  refuseBind = false;
  readonly #behind: LocalGuestPlatform;

  constructor(behind: LocalGuestPlatform) {
    this.#behind = behind;
    this.rangeKinds = behind.rangeKinds;
  }

  get domain(): DomainId {
    return this.#behind.domain;
  }

  get store(): XenStore {
    return this.#behind.store;
  }

  /** Counts one more, until the function that it gives is called. */
  #count(what: Counted): () => void {
    this.open[what]++;
    let open = true;
    return () => {
      if (open) this.open[what]--;
      open = false;
    };
  }

  sharePage(peer: DomainId): GrantedPage {
    const page = this.#behind.sharePage(peer);
    const ended = this.#count('pages');
    return {
      reference: page.reference,
      bytes: page.bytes,
      close: () => {
        ended();
        page.close();
      },
    };
  }

  offerChannel(peer: DomainId): OfferedChannel {
    const channel = this.#behind.offerChannel(peer);
    const ended = this.#count('channels');
    return {
      port: channel.port,
      notify: () => {
        channel.notify();
      },
      wait: (milliseconds) => {
        if (channel.wait(0)) return true;
        if (this.meanwhile === undefined) return channel.wait(milliseconds);
        this.meanwhile();
        return channel.wait(0);
      },
      listen: (onEvent) => {
        channel.listen(onEvent);
      },
      close: () => {
        ended();
        channel.close();
      },
    };
  }

  openRange(kind: 'memory' | 'io', base: bigint, bytes: number): MappedRange {
    const range = this.#behind.openRange(kind, base, bytes);
    const ended = this.#count('ranges');
    const close = () => {
      ended();
      range.close();
    };
    return {
      read8: (offset) => range.read8(offset),
      read16: (offset) => range.read16(offset),
      read32: (offset) => range.read32(offset),
      read64: (offset) => range.read64(offset),
      write8: (offset, value) => {
        range.write8(offset, value);
      },
      write16: (offset, value) => {
        range.write16(offset, value);
      },
      write32: (offset, value) => {
        range.write32(offset, value);
      },
      write64: (offset, value) => {
        range.write64(offset, value);
      },
      close,
      [Symbol.dispose]: close,
    };
  }

  readonly pirqs = {
    bind: (pirq: Pirq): BoundPirq => {
      if (this.refuseBind) throw new Error(`pirq ${pirq} cannot be bound`);
      const behind = this.#behind.pirqs.bind(pirq);
      const seen = { open: true, acknowledged: 0 };
      this.bound.set(pirq, seen);
      const close = () => {
        seen.open = false;
        behind.close();
      };
      return {
        take: () => behind.take(),
        wait: (milliseconds) => behind.wait(milliseconds),
        ready: () => behind.ready(),
        acknowledge: () => {
          seen.acknowledged++;
          behind.acknowledge();
        },
        close,
        [Symbol.dispose]: close,
      };
    },
  };

  readonly dma: Dma = {
    allocate: async (bytes, constraints): Promise<DmaBuffer> => {
      const buffer = await this.#behind.dma.allocate(bytes, constraints);
      const ended = this.#count('buffers');
      return {
        bytes: buffer.bytes,
        iova: buffer.iova,
        segments: buffer.segments,
        [Symbol.dispose]: () => {
          ended();
          buffer[Symbol.dispose]();
        },
      };
    },
  };

  /** Ends the domain. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#behind[Symbol.asyncDispose]();
  }
}
