/** The root complex: root buses, the way of a configuration cycle to its function, and who answers which address. */
import { PciAddress } from '../../../pci/index.js';
import { AddressMap } from './address-map.js';
import { Bridge } from './bridge.js';
import { Routing, SimBus } from './bus.js';
import type { Endpoint } from '../device/endpoint.js';

const LAST_BUS = 255;

export class RootComplex {
  readonly routing = new Routing();
  readonly roots: SimBus[] = [];
  readonly memory = new AddressMap('memory', this.roots, this.routing);
  readonly io = new AddressMap('io', this.roots, this.routing);
  readonly #domains = new Map<number, SimBus[]>();
  /** Most machines have none, and their DMA need not look for it. */
  #hasAliasing = false;

  addRoot(domain: number): SimBus {
    const root = new SimBus(domain);
    this.roots.push(root);
    const others = this.#domains.get(domain);
    if (others === undefined) this.#domains.set(domain, [root]);
    else others.push(root);
    return root;
  }

  /** The function that a configuration cycle reaches by the bridges' bus numbers as they are now. */
  find({ domain, bus, devfn }: PciAddress): Bridge | Endpoint | undefined {
    return this.#bus(domain, bus)?.functions.get(devfn);
  }

  /**
   * What the root complex sees a requester as, an address as a number: its own, unless a bridge above it puts its own
   * number there, function 0 of the bus behind it (PCI Express to PCI/PCI-X Bridge 1.0, 2.3).
   */
  requesterId(requester: PciAddress): number {
    const bridge = this.aliasOf(requester);
    if (bridge === undefined) return requester.sbdf;
    return PciAddress.fromDevfn(requester.domain, bridge.secondary, 0).sbdf;
  }

  /** The bridge whose requester id a function has; undefined where it has its own. */
  aliasOf(requester: PciAddress): Bridge | undefined {
    if (!this.#hasAliasing) return undefined;
    let alias: Bridge | undefined;
    for (let bridge = this.find(requester)?.bus.parent; bridge !== undefined; bridge = bridge.bus.parent)
      if (bridge.aliases) alias = bridge;
    return alias;
  }

  /** From now on there is a bridge whose devices have one requester id. */
  addAliasing(): void {
    this.#hasAliasing = true;
  }

  /** Buses that configuration cycles reach now, each with the number that reaches it. */
  *buses(): Iterable<{ readonly number: number; readonly bus: SimBus }> {
    for (const domain of this.#domains.keys()) {
      for (let number = 0; number <= LAST_BUS; number++) {
        const bus = this.#bus(domain, number);
        if (bus !== undefined) yield { number, bus };
      }
    }
  }

  #bus(domain: number, number: number): SimBus | undefined {
    for (const root of this.#domains.get(domain) ?? []) {
      const reached = reach(root, number);
      if (reached !== undefined) return reached;
    }
    return undefined;
  }
}

function reach(bus: SimBus, number: number): SimBus | undefined {
  if (bus.number === number) return bus;
  for (const fn of bus.functions.values()) {
    if (!(fn instanceof Bridge) || fn.secondary === 0 || fn.resetsBus) continue;
    if (number < fn.secondary || number > fn.subordinate) continue;
    return reach(fn.behind, number);
  }
  return undefined;
}
