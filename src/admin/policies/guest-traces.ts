/** Traces of guests for those who ask for them: each goes on as long as somebody asks, and ends by itself. */
import type { Pciback, TracedAccess, TracedFunction } from '../../pciback/index.js';
import type { Machine } from '../../function/index.js';
import type { DomainId } from '../../xen/domain.js';
import type { XenPlatform } from '../../xen/platform.js';
import { Guests } from '../guests.js';
import type { DeviceIds } from './device-policies.js';
import { deviceOf } from './policy-choice.js';

/** A traced function as JSON can carry it. */
export interface TracedFunctionData extends DeviceIds {
  /** Hexadecimal notation. */
  readonly address: string;
  /** Where the guest sees it. */
  readonly virtual: string;
  /** What the guest could read when tracing began, base64. */
  readonly config: string;
  /** Who said what the guest may write: `default`, or where it was read. */
  readonly policy: string;
  /** The guest had not seen it before: what its driver does at the start is in the trace. */
  readonly fromTheStart: boolean;
}

/** What happened since the last time. */
export interface TraceAnswer {
  readonly guest: { readonly domain: DomainId; readonly name: string };
  /** False when the guest is no more: this is the last there is. */
  readonly alive: boolean;
  readonly functions: readonly TracedFunctionData[];
  readonly accesses: readonly TracedAccess[];
  /** Accesses that were made before `accesses` and are not in it, nor in any answer. */
  readonly lost: number;
  readonly next: number;
}

/** What a client asks for; asking is what keeps a trace going. */
export interface TraceFetch {
  /** Domain id or name. */
  readonly guest: string;
  /** Number of the first access that is wanted. */
  readonly after: number;
  /** Functions that the client knows already. */
  readonly functions: number;
}

/** Accesses in one answer: what JSON makes of them stays below a megabyte. */
const MOST_ACCESSES = 4096;

/** Whoever follows asks several times a second; a client that was killed leaves the guest traced no longer than this. */
const TERM_MS = 5000;

interface Running {
  readonly guest: { readonly domain: DomainId; readonly name: string };
  readonly end: NodeJS.Timeout;
}

/** At {@link EmbeddedHost.traces}: what `openslot trace` asks. */
export class GuestTraces implements Disposable {
  readonly #backEnds: Pick<Pciback, 'trace' | 'endTrace'>;
  readonly #platform: Pick<XenPlatform, 'store' | 'domain'>;
  readonly #machine: Pick<Machine, 'list'>;
  readonly #running = new Map<DomainId, Running>();

  constructor(
    backEnds: Pick<Pciback, 'trace' | 'endTrace'>,
    platform: Pick<XenPlatform, 'store' | 'domain'>,
    machine: Pick<Machine, 'list'>,
  ) {
    this.#machine = machine;
    this.#backEnds = backEnds;
    this.#platform = platform;
  }

  /** Begins to trace the guest where nobody did. @throws {GuestUnknownError} it is not there, and was not traced. */
  async fetch({ guest: wanted, after, functions }: TraceFetch): Promise<TraceAnswer> {
    const known = [...this.#running.values()].find(({ guest }) => String(guest.domain) === wanted);
    const guest = known?.guest ?? (await this.#find(wanted));
    const alive = await this.#platform.store.isIntroduced(guest.domain);
    const trace = this.#backEnds.trace(guest.domain);
    this.#renew(guest);
    return {
      guest,
      alive,
      functions: trace.functions.slice(functions).map((fn) => this.#dataOf(fn)),
      ...trace.accesses.since(after, MOST_ACCESSES),
    };
  }

  [Symbol.dispose](): void {
    for (const { guest } of [...this.#running.values()]) this.#end(guest.domain);
  }

  async #find(wanted: string): Promise<Running['guest']> {
    const { id, name } = await new Guests(this.#platform.store, this.#platform.domain).find(wanted);
    return { domain: id, name };
  }

  #renew(guest: Running['guest']): void {
    clearTimeout(this.#running.get(guest.domain)?.end);
    const end = setTimeout(() => {
      this.#end(guest.domain);
    }, TERM_MS);
    end.unref();
    this.#running.set(guest.domain, { guest, end });
  }

  #end(guest: DomainId): void {
    clearTimeout(this.#running.get(guest)?.end);
    this.#running.delete(guest);
    this.#backEnds.endTrace(guest);
  }

  #dataOf({ address, virtual, config, policy, fromTheStart }: TracedFunction): TracedFunctionData {
    const summary = this.#machine.list().find((each) => each.address.equals(address));
    return {
      address: String(address),
      virtual: String(virtual),
      // Not from the configuration space: a virtual function has none of its ids there.
      ...(summary === undefined ? { device: '0000:0000', subsystem: undefined } : deviceOf(summary)),
      config: Buffer.from(config).toString('base64'),
      policy: policy.source,
      fromTheStart,
    };
  }
}
