/** How the functions of a capture hang together: which bridge leads to which bus, and the root buses. */
import type { Capture, CapturedFunction } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { CapturedFields } from './captured-fields.js';

export interface FunctionNode {
  readonly fn: CapturedFunction;
  readonly fields: CapturedFields;
  /** The bridge whose secondary bus the function is on; undefined on a root bus. */
  readonly above: FunctionNode | undefined;
  /** Behind a bridge; empty for what is none. In order of address. */
  readonly below: readonly FunctionNode[];
}

/** A bus that no bridge of the capture leads to: the host's own, or one whose bridge was not captured. */
export interface RootBus {
  readonly domain: number;
  readonly bus: number;
  readonly functions: readonly FunctionNode[];
}

interface Growing extends FunctionNode {
  above: FunctionNode | undefined;
  readonly below: FunctionNode[];
}

/** Made of a capture alone: buses are found by the numbers that bridges hold. */
export class Topology {
  readonly roots: readonly RootBus[];
  readonly #nodes: ReadonlyMap<number, FunctionNode>;
  readonly #buses = new Map<number, FunctionNode[]>();
  readonly #groups = new Map<number, FunctionNode[]>();

  constructor({ functions }: Pick<Capture, 'functions'>) {
    const nodes = functions.map((fn): Growing => {
      return { fn, fields: new CapturedFields(fn), above: undefined, below: [] };
    });
    this.#nodes = new Map(nodes.map((node) => [node.fn.address.sbdf, node]));
    for (const node of this.#nodes.values()) {
      put(this.#buses, busKey(node.fn.address), node);
      if (node.fn.iommuGroup !== undefined) put(this.#groups, node.fn.iommuGroup, node);
    }
    const bridges = new Map<number, Growing>();
    for (const node of nodes) {
      const bus = secondaryBus(node);
      // The first one that claims a bus has it: bus numbers can be wrong before firmware has given them out.
      if (bus !== undefined && !bridges.has(bus)) bridges.set(bus, node);
    }
    const roots = new Map<number, FunctionNode[]>();
    for (const node of nodes) {
      const bus = busKey(node.fn.address);
      const bridge = bridges.get(bus);
      if (bridge === undefined || leadsTo(node, bridge)) {
        put(roots, bus, node);
      } else {
        node.above = bridge;
        bridge.below.push(node);
      }
    }
    this.roots = [...roots].map(([key, members]) => ({
      domain: key >>> 8,
      bus: key & 0xff,
      functions: members,
    }));
  }

  /** Undefined for an address that was not captured. */
  at(address: PciAddress): FunctionNode | undefined {
    return this.#nodes.get(address.sbdf);
  }

  /** All functions on the bus of this one, itself among them. */
  onBusOf({ address }: CapturedFunction): readonly FunctionNode[] {
    return this.#buses.get(busKey(address)) ?? [];
  }

  inGroup(iommuGroup: number): readonly FunctionNode[] {
    return this.#groups.get(iommuGroup) ?? [];
  }

  /** Every function, in order of address. */
  all(): IterableIterator<FunctionNode> {
    return this.#nodes.values();
  }
}

function put(lists: Map<number, FunctionNode[]>, key: number, node: FunctionNode): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [node]);
  else list.push(node);
}

function busKey({ domain, bus }: PciAddress): number {
  return domain * 256 + bus;
}

/** The key of the bus behind a bridge; undefined for what is none, and for one that nobody has given a bus. */
function secondaryBus({ fn, fields }: FunctionNode): number | undefined {
  const bus = fields.raw('header.secondary_bus');
  if (bus === undefined || bus === 0 || bus === 0xff) return undefined;
  const { domain } = fn.address;
  return bus === fn.address.bus ? undefined : domain * 256 + bus;
}

/** Whether `node` is above `bridge` already: bus numbers that lead in a circle. */
function leadsTo(node: FunctionNode, bridge: FunctionNode): boolean {
  for (let at: FunctionNode | undefined = bridge; at !== undefined; at = at.above)
    if (at === node) return true;
  return false;
}
