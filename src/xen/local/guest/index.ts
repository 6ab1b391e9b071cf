/** The guest's side of the embedded Xen: what a worker makes of its handoff. Runs in the worker; shares only words with the rest. */
import { threadId } from 'node:worker_threads';
import type { Dma } from '../../../function/index.js';
import { domainId, type DomainId } from '../../domain.js';
import type {
  BoundPirq,
  EventPort,
  GrantedPage,
  GrantReference,
  GuestPlatform,
  MappedRange,
  OfferedChannel,
  Pirq,
} from '../../platform.js';
// Its client alone, so that no worker loads the server.
import { XenStoreClient } from '../../store/client.js';
import { RingTransport } from '../../store/ring.js';
import type { XenStore } from '../../store/store.js';
import { Call, PAGE_BYTES, STORE_PAGE, STORE_PORT, type Handoff } from '../control-block.js';
import { DomainEndedError, WouldDeadlockError } from '../errors.js';
import { LocalBoundPirq } from './bound-pirq.js';
import { Calls } from './calls.js';
import { Events } from './events.js';
import { LocalRange } from './mapped-range.js';
import { GuestMemory } from './memory.js';

/** The whole of {@link GuestPlatform}: an embedded guest lacks nothing. */
export type LocalGuestPlatform = GuestPlatform & Required<Pick<GuestPlatform, 'pirqs' | 'dma'>>;

class EmbeddedGuest implements LocalGuestPlatform {
  readonly domain: DomainId;
  readonly store: XenStore;
  readonly rangeKinds = ['memory', 'io'] as const;
  readonly dma: Dma;
  readonly pirqs: { bind(pirq: Pirq): BoundPirq };
  readonly #calls: Calls;
  readonly #events: Events;
  readonly #memory: GuestMemory;

  constructor(handoff: Handoff) {
    this.domain = domainId(handoff.domain);
    const calls = new Calls(handoff);
    const events = new Events(handoff);
    this.#calls = calls;
    this.#events = events;
    this.#memory = new GuestMemory(handoff.memory, handoff.base);
    const ring = new RingTransport({
      role: 'client',
      name: "the domain's XenStore ring",
      bytes: new Uint8Array(handoff.memory, STORE_PAGE * PAGE_BYTES, PAGE_BYTES),
      notify: () => {
        try {
          calls.call(Call.notify, STORE_PORT);
        } catch (error) {
          // On the hypervisor's own thread a domain's program goes on when the domain is over: its store is closed then.
          if (!(error instanceof DomainEndedError)) throw error;
          ring.close();
        }
      },
    });
    this.store = new XenStoreClient(ring);
    events.listen(STORE_PORT, () => {
      ring.onEvent();
    });
    this.dma = {
      // A refusal is a rejection, as on every machine.
      allocate: async (bytes, constraints) => Promise.resolve(this.#memory.allocate(bytes, constraints)),
    };
    this.pirqs = { bind: (pirq) => new LocalBoundPirq(calls, events, pirq) };
  }

  sharePage(peer: DomainId): GrantedPage {
    const { frame, bytes, free } = this.#memory.pages(1);
    let reference: GrantReference;
    try {
      reference = this.#calls.result('granting a page', Call.grant, frame, peer) as GrantReference;
    } catch (cause) {
      free();
      throw cause;
    }
    let open = true;
    return {
      reference,
      bytes,
      close: () => {
        if (!open) return;
        open = false;
        this.#calls.call(Call.revoke, reference);
        free();
      },
    };
  }

  offerChannel(peer: DomainId): OfferedChannel {
    const calls = this.#calls;
    const port = calls.result('offering an event channel', Call.offerPort, peer) as EventPort;
    let open = true;
    return {
      port,
      notify: () => {
        if (open) calls.call(Call.notify, port);
      },
      wait: (milliseconds) => open && this.#events.wait(port, milliseconds),
      listen: (onEvent) => {
        if (open) this.#events.listen(port, onEvent);
      },
      close: () => {
        if (!open) return;
        open = false;
        this.#events.unlisten(port);
        calls.call(Call.closePort, port);
      },
    };
  }

  openRange(kind: 'memory' | 'io', base: bigint, bytes: number): MappedRange {
    return new LocalRange(this.#calls, kind, base, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    this.#events.close();
  }
}

/** A worker becomes its domain. @throws {WouldDeadlockError} on the hypervisor's own thread. */
export function connectGuest(handoff: Handoff): LocalGuestPlatform {
  if (handoff.thread === threadId) throw new WouldDeadlockError(handoff.domain);
  return new EmbeddedGuest(handoff);
}
