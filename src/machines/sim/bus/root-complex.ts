/** The root complex: root buses, the way of a configuration cycle to its function, and who answers which address. */
import type { PciAddress } from '../../../pci/index.js';
import { AddressMap } from './address-map.js';
import { Bridge } from './bridge.js';
import { Routing, SimBus } from './bus.js';
import type { Endpoint } from '../device/endpoint.js';

export class RootComplex {
  readonly routing = new Routing();
  readonly roots: SimBus[] = [];
  readonly memory = new AddressMap('memory', this.roots, this.routing);
  readonly io = new AddressMap('io', this.roots, this.routing);

  addRoot(domain: number): SimBus {
    const root = new SimBus(domain);
    this.roots.push(root);
    return root;
  }

  /** The function that a configuration cycle reaches by the bridges' bus numbers as they are now. */
  find({ domain, bus, devfn }: PciAddress): Bridge | Endpoint | undefined {
    for (const root of this.roots) {
      if (root.domain !== domain) continue;
      const reached = reach(root, bus);
      if (reached !== undefined) return reached.functions.get(devfn);
    }
    return undefined;
  }

  /** Buses that configuration cycles reach now, in the order of the tree. */
  *buses(): Iterable<SimBus> {
    for (const root of this.roots) yield* below(root, new Set());
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

function* below(bus: SimBus, seen: Set<number>): Iterable<SimBus> {
  // Software may have given a number twice; the first bus is the one that it reaches.
  if (seen.has(bus.number)) return;
  seen.add(bus.number);
  yield bus;
  for (const fn of bus.functions.values()) {
    if (fn instanceof Bridge && fn.secondary !== 0 && fn.secondary <= fn.subordinate)
      yield* below(fn.behind, seen);
  }
}
