/** Which functions an IOMMU can tell apart, derived from what their bridges and capabilities say: the rules of Linux's groups. */
import {
  CapabilityId,
  capabilityOffsets,
  Header,
  walkExtendedCapabilities,
  type PciAddress,
} from '../pci/index.js';
import type { ConfigSpace } from './function.js';

/** What configuration space says of one function's place between device and IOMMU. */
export interface Isolation {
  /** The bus behind a bridge; undefined for what is none. */
  readonly secondary: number | undefined;
  /** Its device has several functions. */
  readonly multifunction: boolean;
  /**
   * The kind of an Express function, 4 bits of its capability register (PCI Express Base 6.0, 7.5.3.2); undefined for a
   * conventional one.
   */
  readonly express: number | undefined;
  /** Access control sends all requests up to the IOMMU, none straight to a neighbour (PCI Express Base 6.0, 6.12). */
  readonly controlled: boolean;
  /** Bits of its function number that it may change in requests (phantom functions, 7.5.3.3), 0 while they are off. */
  readonly phantomBits: number;
}

/** Of a function whose configuration space cannot be read, or was not. */
export const UNREAD: Isolation = {
  secondary: undefined,
  multifunction: true,
  express: undefined,
  controlled: false,
  phantomBits: 0,
};

const MULTIFUNCTION = 0x80;
const ROOT_PORT = 4;
const DOWNSTREAM_PORT = 6;
const EXPRESS_TO_PCI = 7;
const PCI_TO_EXPRESS = 8;
const ACS = 0x000d;
const ACS_CONTROL = 6;
/** Source validation, request redirect, completion redirect, upstream forwarding. */
const NEEDED_CONTROL = 0x1d;
const PHANTOM_ENABLE = 1 << 9;

export function isolationOf(config: ConfigSpace, secondary: number | undefined): Isolation {
  const pcie = capabilityOffsets(config).get(CapabilityId.pcie);
  return {
    secondary,
    multifunction: (config.read(Header.type, 1) & MULTIFUNCTION) !== 0,
    express: pcie === undefined ? undefined : (config.read(pcie + 2, 2) >>> 4) & 0xf,
    controlled: isControlled(config),
    phantomBits: pcie === undefined ? 0 : phantomBits(config, pcie),
  };
}

function isControlled(config: ConfigSpace): boolean {
  const acs = walkExtendedCapabilities(config).entries.find(({ id }) => id === ACS);
  if (acs === undefined || acs.offset + ACS_CONTROL + 2 > config.size) return false;
  // What the function does not implement it has no need of.
  const needed = config.read(acs.offset + 4, 2) & NEEDED_CONTROL;
  return (config.read(acs.offset + ACS_CONTROL, 2) & needed) === needed;
}

function phantomBits(config: ConfigSpace, pcie: number): number {
  const enabled = (config.read(pcie + 8, 2) & PHANTOM_ENABLE) !== 0;
  return enabled ? (config.read(pcie + 4, 4) >>> 3) & 3 : 0;
}

/** Sets that grow together; each is known by one of its members. */
class Sets {
  readonly #parents = new Map<number, number>();

  find(member: number): number {
    let at = member;
    for (let next = this.#parents.get(at); next !== undefined && next !== at; next = this.#parents.get(at))
      at = next;
    return at;
  }

  join(one: number, other: number): void {
    const [a, b] = [this.find(one), this.find(other)];
    // The lowest address stands for all, so that the numbers do not depend on the order.
    if (a !== b) this.#parents.set(Math.max(a, b), Math.min(a, b));
  }
}

type Placed = Isolation & { readonly address: PciAddress };

/**
 * Group numbers by address, from 0 on in order of address. `above` is the bridge that leads to a function's bus.
 * A bridge to conventional PCI puts its own id on what it passes up; a port without access control passes requests
 * among what stands behind it; so do the functions of one device (Linux: pci_device_group).
 */
export function deriveGroups(
  functions: readonly Placed[],
  above: (of: PciAddress) => PciAddress | undefined,
): ReadonlyMap<number, number> {
  const sets = new Sets();
  const known = new Map(functions.map((fn) => [fn.address.sbdf, fn]));
  /** By device, one of its functions that reach each other. */
  const mixing = new Map<number, number>();
  for (const fn of functions) {
    const bridge = above(fn.address);
    if (bridge !== undefined && !isApart(bridge, known, above)) sets.join(fn.address.sbdf, bridge.sbdf);
    if (fn.multifunction && !fn.controlled) {
      const device = fn.address.sbdf >>> 3;
      const sibling = mixing.get(device);
      if (sibling === undefined) mixing.set(device, fn.address.sbdf);
      else sets.join(fn.address.sbdf, sibling);
    }
    for (const phantom of phantomsOf(fn)) if (known.has(phantom)) sets.join(fn.address.sbdf, phantom);
  }
  const numbers = new Map<number, number>();
  const groups = new Map<number, number>();
  for (const { address } of functions) {
    const set = sets.find(address.sbdf);
    const number = numbers.get(set) ?? numbers.size;
    numbers.set(set, number);
    groups.set(address.sbdf, number);
  }
  return groups;
}

/** True when all requests from behind a bridge reach the IOMMU, each under its own id. */
function isApart(
  bridge: PciAddress,
  known: ReadonlyMap<number, Placed>,
  above: (of: PciAddress) => PciAddress | undefined,
): boolean {
  const passed = new Set<number>();
  for (let at: PciAddress | undefined = bridge; at !== undefined; at = above(at)) {
    const port = known.get(at.sbdf);
    if (port === undefined || passed.has(at.sbdf)) return false;
    passed.add(at.sbdf);
    if (port.express === undefined || port.express === EXPRESS_TO_PCI || port.express === PCI_TO_EXPRESS)
      return false;
    const mustControl = port.express === ROOT_PORT || port.express === DOWNSTREAM_PORT || port.multifunction;
    if (mustControl && !port.controlled) return false;
  }
  return true;
}

/** Ids that a function's requests may carry besides its own (XSA-449): the upper bits of its function number changed. */
function phantomsOf({ address, phantomBits: bits }: Placed): readonly number[] {
  const kept = (1 << (3 - bits)) - 1;
  const base = address.sbdf & ~7;
  return Array.from({ length: 8 }, (_, fn) => fn)
    .filter((fn) => fn !== address.function && (fn & kept) === (address.function & kept))
    .map((fn) => base + fn);
}
