/** The root complex: root buses, the way of a configuration cycle to its function, and who answers which address. */
import type { PciAddress } from '../../../pci/index.js';
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
