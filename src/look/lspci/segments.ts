/**
 * Which bridge leads to which function, as lspci finds it out: by the bus numbers in the bridges' registers alone, of ranges
 * that overlap the last one. Ours is the room's `Topology`, which believes the first bridge that claims a bus.
 */
import type { ShownFunction } from './shown-function.js';

/** A bridge and what is behind it; or the root of a domain, which is behind nothing. */
export interface Segment {
  /** Undefined for the root of a domain. */
  readonly bridge: BridgeFunction | undefined;
  /** Functions by the number of their bus, in order of address. A bridge has its secondary bus even if it is empty. */
  readonly buses: Map<number, ShownFunction[]>;
}

export interface BridgeFunction {
  readonly fn: ShownFunction;
  readonly secondary: number;
  readonly subordinate: number;
}

export interface Segments {
  /** Of every domain, in the order of the functions. */
  readonly roots: ReadonlyMap<number, Segment>;
  readonly behind: ReadonlyMap<ShownFunction, Segment>;
  /** Bridges on the way to a function, the outermost first. A circle of bridges is followed once. */
  readonly pathTo: (fn: ShownFunction) => readonly ShownFunction[];
}

const BRIDGE_CLASS = 0x06;

function bridgeOf(fn: ShownFunction): BridgeFunction | undefined {
  if (fn.classCode >>> 8 !== BRIDGE_CLASS || (fn.layout !== 1 && fn.layout !== 2)) return undefined;
  const { header } = fn;
  return { fn, secondary: header.read(0x19, 1), subordinate: header.read(0x1a, 1) };
}

export function segmentsOf(functions: readonly ShownFunction[]): Segments {
  const roots = new Map<number, Segment>();
  const behind = new Map<ShownFunction, Segment>();
  /** Of buses whose ranges overlap the last bridge has them. */
  const leading = new Map<number, Segment>();
  const busKey = (fn: ShownFunction, bus: number) => fn.captured.address.domain * 256 + bus;
  for (const fn of functions) {
    const bridge = bridgeOf(fn);
    if (bridge === undefined) continue;
    const segment: Segment = { bridge, buses: new Map([[bridge.secondary, []]]) };
    behind.set(fn, segment);
    for (let bus = bridge.secondary; bus <= bridge.subordinate; bus++) leading.set(busKey(fn, bus), segment);
  }
  const rootOf = ({ captured: { address } }: ShownFunction): Segment => {
    let root = roots.get(address.domain);
    if (root === undefined) roots.set(address.domain, (root = { bridge: undefined, buses: new Map() }));
    return root;
  };
  const segmentOf = (fn: ShownFunction) => leading.get(busKey(fn, fn.captured.address.bus)) ?? rootOf(fn);
  for (const fn of functions) {
    rootOf(fn);
    const { buses } = segmentOf(fn);
    const { bus } = fn.captured.address;
    const others = buses.get(bus);
    if (others === undefined) buses.set(bus, [fn]);
    else others.push(fn);
  }
  const pathTo = (fn: ShownFunction) => {
    const path = new Set<ShownFunction>();
    for (let at = segmentOf(fn).bridge; at !== undefined && !path.has(at.fn); at = segmentOf(at.fn).bridge)
      path.add(at.fn);
    return [...path].reverse();
  };
  return { roots, behind, pathTo };
}
