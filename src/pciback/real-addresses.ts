/** The topology in which a guest sees every function at its own address of the host. */
import { OpenslotError, type PciAddress, type RootBus } from '../pci/index.js';
import type { Placeable, Topology } from './topology.js';

/** A slot was asked for where functions stand at the addresses that they have. */
export class SlotFixedError extends OpenslotError {
  readonly code = 'VIRTUAL_SLOT_FIXED';
  constructor(physical: PciAddress, slot: number) {
    super(
      `guests see functions at their real addresses: ${physical} cannot have slot ${slot.toString(16)}`,
      { address: String(physical), slot },
      'attach it without a slot, or serve with --topology vpci',
    );
  }
}

const MOST_DOMAIN = 0xffff;
const MOST_BUS = 0xff;
const MOST_DEVFN = 0xff;

/** Signed, so that it is a small integer for the engine and no lookup allocates. */
const keyOf = (domain: number, bus: number, devfn: number): number => (domain << 16) | (bus << 8) | devfn;

/** `topology: 'real'`; what Linux's xen-pciback calls passthrough=1. */
export class RealAddresses<Occupant extends Placeable> implements Topology<Occupant> {
  readonly #places = new Map<number, { readonly address: PciAddress; readonly occupant: Occupant }>();

  at(domain: number, bus: number, devfn: number): Occupant | undefined {
    // Larger ones would be taken for others.
    if (domain > MOST_DOMAIN || bus > MOST_BUS || devfn > MOST_DEVFN) return undefined;
    return this.#places.get(keyOf(domain, bus, devfn))?.occupant;
  }

  occupants(): Iterable<{ readonly address: PciAddress; readonly occupant: Occupant }> {
    return this.#places.values();
  }

  /** @throws {SlotFixedError} */
  placeFor(physical: PciAddress, wantedSlot?: number): PciAddress {
    if (wantedSlot !== undefined && wantedSlot !== physical.device)
      throw new SlotFixedError(physical, wantedSlot);
    return physical;
  }

  put(address: PciAddress, occupant: Occupant): void {
    this.#places.set(keyOf(address.domain, address.bus, address.devfn), { address, occupant });
  }

  remove(occupant: Occupant): PciAddress | undefined {
    for (const [key, place] of this.#places) {
      if (place.occupant !== occupant) continue;
      this.#places.delete(key);
      return place.address;
    }
    return undefined;
  }

  /** Each bus that a function stands on: bridges are never handed over, so none of these buses is behind another. */
  roots(): readonly RootBus[] {
    const roots = new Map<number, RootBus>();
    for (const { address } of this.#places.values()) {
      const { domain, bus } = address;
      roots.set(keyOf(domain, bus, 0), { domain, bus });
    }
    return [...roots.values()];
  }
}
