/** Pirqs of the embedded Xen: interrupts of functions, routed to event channels of domains. */
import type {
  ConfigSpace,
  HostControl,
  MessageTarget,
  PciFunction,
  PhysicalAddress,
} from '../../function/index.js';
import {
  CapabilityId,
  capabilityOffsets,
  MSIX_ENTRY_BYTES,
  MsiControl,
  msixTable,
  OpenslotError,
  type PciAddress,
} from '../../pci/index.js';
import type { DomainId } from '../domain.js';
import { XenCallError } from '../errors.js';
import type { InterruptRoute, Pirq } from '../platform.js';
import { Errno } from './control-block.js';

/** Those below are lines of INTx, one to one: a guest finds the number in the 8 bits of its interrupt line register. */
const FIRST_MESSAGE_PIRQ = 256;
const LAST_PIRQ = 0xffff;

/** Where a pirq's events go: the domain that binds it, once it has. */
export interface PirqTarget {
  raise(port: number): void;
}

interface Mapped {
  readonly route: InterruptRoute;
  /** What the function has to write; undefined for a line. */
  target: MessageTarget | undefined;
  /** Level-triggered, and raised since the last end of interrupt. */
  inService: boolean;
  /** Raised before a domain had bound it. */
  early: boolean;
  bound: { readonly target: PirqTarget; readonly port: number } | undefined;
  stop: Disposable;
}

/** What one domain has; its numbers are its own. */
interface DomainPirqs {
  readonly mapped: Map<Pirq, Mapped>;
  /** Those that it may bind. */
  readonly allowed: Set<Pirq>;
}

export class LocalPirqs {
  readonly #host: HostControl;
  readonly #open: (address: PciAddress) => PciFunction;
  readonly #domains = new Map<DomainId, DomainPirqs>();

  constructor(host: HostControl, open: (address: PciAddress) => PciFunction) {
    this.#host = host;
    this.#open = open;
  }

  /** Pirqs that are mapped, of all domains. */
  get count(): number {
    let count = 0;
    for (const { mapped } of this.#domains.values()) count += mapped.size;
    return count;
  }

  /** A line that the domain has already is the same pirq again, as on Xen. @throws {XenCallError} */
  map(guest: DomainId, route: InterruptRoute): Pirq {
    return route.kind === 'intx' ? this.#mapLine(guest, route) : this.#mapMessage(guest, route);
  }

  unmap(guest: DomainId, pirq: Pirq): void {
    const { mapped, allowed } = this.#of(guest);
    const ended = mapped.get(pirq);
    if (ended === undefined) throw refused('unmapping a pirq', 'ENOENT', { guest, pirq });
    mapped.delete(pirq);
    allowed.delete(pirq);
    ended.stop[Symbol.dispose]();
  }

  /** Messages of a function whose numbers are not among the known ones. */
  unmapForgotten(guest: DomainId, address: PciAddress, known: ReadonlySet<Pirq>): void {
    for (const [pirq, { route }] of [...this.#of(guest).mapped])
      if (route.kind !== 'intx' && route.function.equals(address) && !known.has(pirq))
        this.unmap(guest, pirq);
  }

  /** Writes the messages that this domain has of the function into it again. */
  restore(guest: DomainId, fn: PciAddress): void {
    for (const { route, target } of this.#of(guest).mapped.values())
      if (target !== undefined && route.kind !== 'intx' && route.function.equals(fn))
        this.#program(route, target);
  }

  allow(guest: DomainId, pirq: Pirq, allowed: boolean): void {
    const own = this.#of(guest);
    if (allowed) own.allowed.add(pirq);
    else own.allowed.delete(pirq);
  }

  /** A domain binds a pirq that was mapped for it to a port that it has just got. @returns 0 or the negative error number. */
  bind(guest: DomainId, pirq: Pirq, target: PirqTarget, port: number): number {
    const refusal = this.refusal(guest, pirq);
    const mapped = this.#of(guest).mapped.get(pirq);
    if (refusal !== 0 || mapped === undefined) return refusal;
    mapped.bound = { target, port };
    if (mapped.early) this.#raise(mapped);
    else if (mapped.route.kind === 'intx') this.#level(mapped, mapped.route.gsi);
    return 0;
  }

  /**
   * Why this domain cannot bind the pirq: 0 or the negative error number. Numbers are looked up among its own alone
   * (XSA-237: the caller must own it).
   */
  refusal(guest: DomainId, pirq: Pirq): number {
    const { mapped: own, allowed } = this.#of(guest);
    const mapped = own.get(pirq);
    if (mapped === undefined) return -Errno.EINVAL;
    // Messages are mapped for the one who gets them; a line must be allowed besides.
    if (mapped.route.kind === 'intx' && !allowed.has(pirq)) return -Errno.EPERM;
    return mapped.bound === undefined ? 0 : -Errno.EBUSY;
  }

  unbind(guest: DomainId, pirq: Pirq): void {
    const mapped = this.#of(guest).mapped.get(pirq);
    if (mapped === undefined) return;
    mapped.bound = undefined;
    mapped.inService = false;
  }

  /** A line that is still high interrupts again. */
  endOfInterrupt(guest: DomainId, pirq: Pirq): void {
    const mapped = this.#of(guest).mapped.get(pirq);
    if (mapped?.route.kind !== 'intx') return;
    mapped.inService = false;
    this.#level(mapped, mapped.route.gsi);
  }

  /** What the domain leaves behind. */
  releaseAll(guest: DomainId): void {
    const left = this.#of(guest).mapped;
    this.#domains.delete(guest);
    for (const { stop } of left.values()) stop[Symbol.dispose]();
  }

  #of(guest: DomainId): DomainPirqs {
    let own = this.#domains.get(guest);
    if (own === undefined) this.#domains.set(guest, (own = { mapped: new Map(), allowed: new Set() }));
    return own;
  }

  #mapLine(guest: DomainId, route: InterruptRoute & { readonly kind: 'intx' }): Pirq {
    const { mapped } = this.#of(guest);
    const pirq = route.gsi as Pirq;
    if (mapped.has(pirq)) return pirq;
    const entry = newEntry(route);
    mapped.set(pirq, entry);
    entry.stop = this.#host.watchLine(route.gsi, () => {
      this.#level(entry, route.gsi);
    });
    return pirq;
  }

  #mapMessage(guest: DomainId, route: Exclude<InterruptRoute, { readonly kind: 'intx' }>): Pirq {
    const { mapped } = this.#of(guest);
    const pirq = freeNumber(mapped);
    const entry = newEntry(route);
    const target = this.#allocateMessage(route.function, () => {
      this.#raise(entry);
    });
    entry.stop = target;
    entry.target = target;
    try {
      this.#program(route, target);
    } catch (cause) {
      target.free();
      throw cause;
    }
    mapped.set(pirq, entry);
    return pirq;
  }

  #allocateMessage(requester: PciAddress, onMessage: () => void): MessageTarget {
    try {
      return this.#host.allocateMessage(requester, onMessage);
    } catch (cause) {
      if (!(cause instanceof OpenslotError)) throw cause;
      const why = { address: String(requester), why: cause.message };
      throw new XenCallError('mapping a pirq', 'ENOSPC', why, '', { cause });
    }
  }

  #level(mapped: Mapped, line: number): void {
    if (mapped.inService || !this.#host.lineLevel(line)) return;
    mapped.inService = mapped.bound !== undefined;
    this.#raise(mapped);
  }

  #raise(mapped: Mapped): void {
    const { bound } = mapped;
    // A line that nobody has bound stays high by itself; a message would be lost.
    mapped.early = bound === undefined && mapped.route.kind !== 'intx';
    bound?.target.raise(bound.port);
  }

  #withFunction<T>(address: PciAddress, use: (config: ConfigSpace) => T): T {
    using fn = this.#open(address);
    return use(fn.config);
  }

  #program(route: Exclude<InterruptRoute, { readonly kind: 'intx' }>, target: MessageTarget): void {
    if (route.kind === 'msi') this.#programMsi(route.function, target.address, target.data);
    else this.#programMsix(route, target.address, target.data);
  }

  #programMsi(address: PciAddress, target: PhysicalAddress, data: number): void {
    this.#withFunction(address, (config) => {
      const at = capability(config, address, CapabilityId.msi);
      const wide = (config.read(at + 2, 2) & MsiControl.wide) !== 0;
      config.write(at + 4, 4, target % 0x1_0000_0000);
      if (wide) config.write(at + 8, 4, Math.floor(target / 0x1_0000_0000));
      config.write(at + (wide ? 12 : 8), 2, data);
    });
  }

  #programMsix(
    route: InterruptRoute & { readonly kind: 'msix' },
    target: PhysicalAddress,
    data: number,
  ): void {
    const table = this.#withFunction(
      route.function,
      (config) => msixTable(config, capability(config, route.function, CapabilityId.msix)).offset,
    );
    const base = Number(route.tableBar) + table + route.entry * MSIX_ENTRY_BYTES;
    const entry = this.#host.openRange('memory', base as PhysicalAddress, MSIX_ENTRY_BYTES);
    entry.write32(0, target % 0x1_0000_0000);
    entry.write32(4, Math.floor(target / 0x1_0000_0000));
    entry.write32(8, data);
    entry.write32(12, 0);
  }
}

function newEntry(route: InterruptRoute): Mapped {
  const stop = { [Symbol.dispose]: () => undefined };
  return { route, target: undefined, inService: false, early: false, bound: undefined, stop };
}

function freeNumber(taken: ReadonlyMap<Pirq, unknown>): Pirq {
  for (let pirq = FIRST_MESSAGE_PIRQ as Pirq; pirq <= LAST_PIRQ; pirq = (pirq + 1) as Pirq)
    if (!taken.has(pirq)) return pirq;
  throw refused('mapping a pirq', 'ENOSPC', {});
}

function capability(config: ConfigSpace, address: PciAddress, id: CapabilityId): number {
  const found = capabilityOffsets(config).get(id);
  if (found === undefined) throw refused('mapping a pirq', 'ENODEV', { address: String(address) });
  return found;
}

function refused(call: string, errno: string, evidence: Record<string, string | number>): XenCallError {
  return new XenCallError(call, errno, evidence);
}
