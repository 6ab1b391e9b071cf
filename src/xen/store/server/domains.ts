/** The domains that the store has heard of: who is privileged, who may be meant by a permission, and what each has used. */
import { homePath } from '../paths.js';
import type { Generations } from './generations.js';
import type { Quotas } from './quotas.js';

/** Highest id that Xen gives a domain; the ones above mean something else (xen/include/public/xen.h). */
const FIRST_RESERVED = 0x7ff0;

/** Whether a domain of that id is there now. */
export type DomainProbe = (domain: number) => boolean;

/** One domain, from when the store first heard of it to when it is gone. */
export class Domain {
  readonly id: number;
  /** The generation at which the store heard of it: permissions that are older meant another domain. */
  readonly since: number;
  readonly privileged: boolean;
  /** What its relative paths begin from. */
  readonly home: string;
  /** Between INTRODUCE and RELEASE. */
  introduced = false;
  /** It has shut down and was not resumed. */
  shutDown = false;
  /** The domain whose rights it has besides its own (a device model's guest). */
  target: Domain | undefined;
  /** Used so far, for the quotas. */
  nodes = 0;
  watches = 0;
  memory = 0;

  constructor(id: number, since: number) {
    this.id = id;
    this.since = since;
    this.privileged = id === 0;
    this.home = homePath(id);
  }

  /** Whether it may use so many bytes more. What makes its use smaller it always may. */
  affords(bytes: number, quotas: Quotas): boolean {
    return this.privileged || bytes <= 0 || this.memory + bytes < quotas.memory;
  }
}

export class Domains {
  readonly dom0 = new Domain(0, 0);
  readonly #known = new Map<number, Domain>([[0, this.dom0]]);
  readonly #generations: Generations;
  readonly #exists: DomainProbe;

  /** @param exists says which domains are there; without it every id may be one. */
  constructor(generations: Generations, exists: DomainProbe = (id) => id >= 0 && id < FIRST_RESERVED) {
    this.#generations = generations;
    this.#exists = exists;
    this.dom0.introduced = true;
  }

  get(id: number): Domain | undefined {
    return this.#known.get(id);
  }

  /** The domain, which the store hears of now if it has not before. */
  hearOf(id: number): Domain {
    let domain = this.#known.get(id);
    if (domain === undefined) {
      domain = new Domain(id, this.#generations.next());
      this.#known.set(id, domain);
    }
    return domain;
  }

  /** The same for one that somebody named; undefined when there is none of that id. */
  named(id: number): Domain | undefined {
    return this.#known.get(id) ?? (this.#exists(id) ? this.hearOf(id) : undefined);
  }

  /** True when whoever has that id now was meant by something of that generation. */
  isOlder(id: number, generation: number): boolean {
    const domain = this.#known.get(id);
    return domain !== undefined && domain.since <= generation;
  }

  /** The domain is gone; its number may be another's next. */
  forget(domain: Domain): void {
    this.#known.delete(domain.id);
  }
}
