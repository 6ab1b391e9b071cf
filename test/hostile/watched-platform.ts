/** The platform under attack, seen from beside: what each guest's channel brought, and what the back end made of it. */
import type { DomainId } from '../../src/xen/domain.js';
import type {
  EventChannel,
  EventPort,
  ForeignPage,
  GrantReference,
  OnEvent,
  XenPlatform,
} from '../../src/xen/platform.js';
import { ObservedPlatform } from '../xen/observed-platform.js';
import { WORD } from '../pciback/shared-page-guest.js';

/** Counted on the back end's side. */
export interface Traffic {
  events: number;
  /** Events that found a request in the page. */
  requests: number;
  /** Replied to, with error 0. */
  answered: number;
  /** Replied to, with an error. */
  refused: number;
  /** Looked at, and not replied to: the guest had changed it meanwhile. */
  unanswered: number;
  /** Events without a request. */
  idle: number;
  /** Events to the guest. */
  notifies: number;
}

const ACTIVE = 1;

export class WatchedPlatform extends ObservedPlatform {
  /** The guest whose event is being handled. */
  serving: DomainId | undefined;
  readonly #traffic = new Map<DomainId, Traffic>();
  readonly #pages = new Map<DomainId, Int32Array>();
  /** Guests whose pages nobody writes during a service: of them every event is judged. */
  readonly #exclusive = new Set<DomainId>();
  readonly #onFinding: (finding: string) => void;

  constructor(behind: XenPlatform, onFinding: (finding: string) => void) {
    super(behind);
    this.#onFinding = onFinding;
  }

  traffic(guest: DomainId): Traffic {
    let traffic = this.#traffic.get(guest);
    if (traffic === undefined) {
      traffic = { events: 0, requests: 0, answered: 0, refused: 0, unanswered: 0, idle: 0, notifies: 0 };
      this.#traffic.set(guest, traffic);
    }
    return traffic;
  }

  /** Its processor is this thread: it does nothing while it is served. */
  setExclusive(guest: DomainId): void {
    this.#exclusive.add(guest);
  }

  override forget(guest: DomainId): void {
    super.forget(guest);
    this.#traffic.delete(guest);
    this.#pages.delete(guest);
    this.#exclusive.delete(guest);
  }

  override mapGrant(owner: DomainId, reference: GrantReference): ForeignPage {
    const page = super.mapGrant(owner, reference);
    const { buffer, byteOffset, byteLength } = page.bytes;
    this.#pages.set(owner, new Int32Array(buffer, byteOffset, byteLength / 4));
    return page;
  }

  override bindChannel(peer: DomainId, port: EventPort, onEvent: OnEvent): EventChannel {
    const traffic = this.traffic(peer);
    const page = this.#pages.get(peer) ?? new Int32Array(WORD.entries);
    const channel = super.bindChannel(peer, port, () => {
      this.serving = peer;
      try {
        return this.#observe(peer, traffic, page, onEvent);
      } finally {
        this.serving = undefined;
      }
    });
    return {
      notify: () => {
        traffic.notifies++;
        channel.notify();
      },
      close: () => {
        channel.close();
      },
    };
  }

  #observe(peer: DomainId, traffic: Traffic, page: Int32Array, onEvent: OnEvent): boolean {
    traffic.events++;
    const notified = traffic.notifies;
    const asked = ((page[WORD.flags] ?? 0) & ACTIVE) !== 0;
    const served = onEvent();
    const replied = traffic.notifies - notified;
    if (!asked) {
      traffic.idle++;
      // A guest with several processors may have asked meanwhile.
      if (replied > 0 && this.#exclusive.has(peer)) this.#onFinding('a reply without a request');
      return served;
    }
    traffic.requests++;
    if (replied === 0) traffic.unanswered++;
    else if (page[WORD.error] === 0) traffic.answered++;
    else traffic.refused++;
    if (!this.#exclusive.has(peer)) return served;
    if (replied > 1) this.#onFinding(`${replied} replies to one request`);
    if (replied === 1 && ((page[WORD.flags] ?? 0) & ACTIVE) !== 0)
      this.#onFinding('a reply that left the request active');
    return served;
  }
}
