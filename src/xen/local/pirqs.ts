/** Pirqs of the embedded Xen: interrupts of functions, routed to event channels of domains. */
import type { ConfigSpace, HostControl, PciFunction, PhysicalAddress } from '../../function/index.js';
import { walkCapabilities, type PciAddress } from '../../pci/index.js';
import type { DomainId } from '../domain.js';
import { XenCallError } from '../errors.js';
import type { InterruptRoute, Pirq } from '../platform.js';
import { Errno } from './control-block.js';

const MSI = 0x05;
const MSIX = 0x11;
const CONTROL = 2;
const MSI_WIDE = 0x0080;
const ENTRY_BYTES = 16;
/** Pirqs of the machine; those below are the lines of INTx, which map one to one. */
const FIRST_MESSAGE_PIRQ = 64;
const LAST_PIRQ = 0xffff;

/** Where a pirq's events go: the domain that binds it, once it has. */
export interface PirqTarget {
  raise(port: number): void;
}

interface Mapped {
  readonly guest: DomainId;
  readonly route: InterruptRoute;
  /** Level-triggered, and raised since the last end of interrupt. */
  inService: boolean;
  /** Raised before a domain had bound it. */
  early: boolean;
  bound: { readonly target: PirqTarget; readonly port: number } | undefined;
  stop: Disposable;
}

export class LocalPirqs {
  readonly #host: HostControl;
  readonly #open: (address: PciAddress) => PciFunction;
  readonly #mapped = new Map<Pirq, Mapped>();
  /** Which domain may bind which pirq. */
  readonly #allowed = new Set<string>();

  constructor(host: HostControl, open: (address: PciAddress) => PciFunction) {
    this.#host = host;
    this.#open = open;
  }

  /** Pirqs that are mapped, of all domains. */
  get count(): number {
    return this.#mapped.size;
  }

  /** @throws {XenCallError} */
  map(guest: DomainId, route: InterruptRoute): Pirq {
    return route.kind === 'intx' ? this.#mapLine(guest, route) : this.#mapMessage(guest, route);
  }

  unmap(guest: DomainId, pirq: Pirq): void {
    const mapped = this.#mapped.get(pirq);
    if (mapped?.guest !== guest) throw refused('unmapping a pirq', 'ENOENT', { guest, pirq });
    this.#mapped.delete(pirq);
    this.#allowed.delete(`${guest}/${pirq}`);
    mapped.stop[Symbol.dispose]();
  }

  allow(guest: DomainId, pirq: Pirq, allowed: boolean): void {
    if (allowed) this.#allowed.add(`${guest}/${pirq}`);
    else this.#allowed.delete(`${guest}/${pirq}`);
  }

  /** A domain binds a pirq that was mapped for it to a port that it has just got. @returns 0 or the negative error number. */
  bind(guest: DomainId, pirq: Pirq, target: PirqTarget, port: number): number {
    const refusal = this.refusal(guest, pirq);
    const mapped = this.#mapped.get(pirq);
    if (refusal !== 0 || mapped === undefined) return refusal;
    mapped.bound = { target, port };
    if (mapped.early) this.#raise(mapped);
    else if (mapped.route.kind === 'intx') this.#level(mapped, mapped.route.gsi);
    return 0;
  }

  /** Why this domain cannot bind the pirq: 0 or the negative error number (XSA-237: the caller must own it). */
  refusal(guest: DomainId, pirq: Pirq): number {
    const mapped = this.#mapped.get(pirq);
    if (mapped === undefined) return -Errno.EINVAL;
    if (mapped.guest !== guest) return -Errno.EPERM;
    // Messages are mapped for the one who gets them; a line must be allowed besides.
    if (mapped.route.kind === 'intx' && !this.#allowed.has(`${guest}/${pirq}`)) return -Errno.EPERM;
    return mapped.bound === undefined ? 0 : -Errno.EBUSY;
  }

  unbind(pirq: Pirq): void {
    const mapped = this.#mapped.get(pirq);
    if (mapped === undefined) return;
    mapped.bound = undefined;
    mapped.inService = false;
  }

  /** A line that is still high interrupts again. */
  endOfInterrupt(pirq: Pirq): void {
    const mapped = this.#mapped.get(pirq);
    if (mapped?.route.kind !== 'intx') return;
    mapped.inService = false;
    this.#level(mapped, mapped.route.gsi);
  }

  /** What the domain leaves behind. */
  releaseAll(guest: DomainId): void {
    for (const [pirq, mapped] of this.#mapped) {
      if (mapped.guest !== guest) continue;
      this.#mapped.delete(pirq);
      mapped.stop[Symbol.dispose]();
    }
    for (const key of this.#allowed) if (key.startsWith(`${guest}/`)) this.#allowed.delete(key);
  }

  #mapLine(guest: DomainId, route: InterruptRoute & { readonly kind: 'intx' }): Pirq {
    const pirq = this.#freeNumber(route.gsi);
    const mapped = this.#add(guest, pirq, route);
    mapped.stop = this.#host.watchLine(route.gsi, () => {
      this.#level(mapped, route.gsi);
    });
    return pirq;
  }

  #mapMessage(guest: DomainId, route: Exclude<InterruptRoute, { readonly kind: 'intx' }>): Pirq {
    const pirq = this.#freeNumber(FIRST_MESSAGE_PIRQ);
    const mapped = this.#add(guest, pirq, route);
    const target = this.#host.allocateMessage(route.function, () => {
      this.#raise(mapped);
    });
    mapped.stop = target;
    try {
      if (route.kind === 'msi') this.#programMsi(route.function, target.address, target.data);
      else this.#programMsix(route, target.address, target.data);
    } catch (cause) {
      this.#mapped.delete(pirq);
      target.free();
      throw cause;
    }
    return pirq;
  }

  #add(guest: DomainId, pirq: Pirq, route: InterruptRoute): Mapped {
    const mapped: Mapped = {
      guest,
      route,
      inService: false,
      early: false,
      bound: undefined,
      stop: { [Symbol.dispose]: () => undefined },
    };
    this.#mapped.set(pirq, mapped);
    return mapped;
  }

  #freeNumber(from: number): Pirq {
    for (let pirq = from as Pirq; pirq <= LAST_PIRQ; pirq = (pirq + 1) as Pirq)
      if (!this.#mapped.has(pirq)) return pirq;
    throw refused('mapping a pirq', 'ENOSPC', {});
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

  #programMsi(address: PciAddress, target: PhysicalAddress, data: number): void {
    this.#withFunction(address, (config) => {
      const at = capability(config, address, MSI);
      const wide = (config.read(at + CONTROL, 2) & MSI_WIDE) !== 0;
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
      (config) => config.read(capability(config, route.function, MSIX) + 4, 4) & ~7,
    );
    const base = Number(route.tableBar) + table + route.entry * ENTRY_BYTES;
    const entry = this.#host.openRange('memory', base as PhysicalAddress, ENTRY_BYTES);
    entry.write32(0, target % 0x1_0000_0000);
    entry.write32(4, Math.floor(target / 0x1_0000_0000));
    entry.write32(8, data);
    entry.write32(12, 0);
  }
}

function capability(config: ConfigSpace, address: PciAddress, id: number): number {
  const found = walkCapabilities(config).entries.find((entry) => entry.id === id);
  if (found === undefined) throw refused('mapping a pirq', 'ENODEV', { address: String(address) });
  return found.offset;
}

function refused(call: string, errno: string, evidence: Record<string, string | number>): XenCallError {
  return new XenCallError(call, errno, evidence);
}
