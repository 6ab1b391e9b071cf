/** What a guest sees of where its functions stand: the guest address of each, and the root buses that there are. */
import type { PciAddress, RootBus } from '../pci/index.js';
import { RealAddresses } from './real-addresses.js';
import { VirtualBus } from './virtual-bus.js';

/**
 * `vpci`: one bus 0000:00 with a slot for each device, whatever the host looks like. `real`: every function at its own
 * address of the host, for drivers that must find their hardware where it is. They are the two of Linux's xen-pciback,
 * whose parameter for the second is passthrough=1.
 */
export type TopologyName = 'vpci' | 'real';

export const TOPOLOGY_NAMES: readonly TopologyName[] = ['vpci', 'real'];

/** A function in a guest's hands. */
export interface Placeable {
  readonly physical: PciAddress;
  /** A virtual function, of SR-IOV: it belongs to none of those that stand beside it on the host. */
  readonly isVirtual?: boolean;
}

/** Implemented by {@link VirtualBus} and {@link RealAddresses}: where functions stand for the guest. */
export interface Topology<Occupant extends Placeable> {
  /** The function at a guest address; any numbers of 32 bits may be asked for. Allocates nothing. */
  at(domain: number, bus: number, devfn: number): Occupant | undefined;

  /** Occupants with their guest addresses. */
  occupants(): Iterable<{ readonly address: PciAddress; readonly occupant: Occupant }>;

  /**
   * Where the function would go. `wantedSlot`, 0 to 31, comes from the tool stack; `isVirtual` as of {@link Placeable}.
   * @throws {OpenslotError} it cannot have a place, or not this one.
   */
  placeFor(physical: PciAddress, wantedSlot?: number, isVirtual?: boolean): PciAddress;

  put(address: PciAddress, occupant: Occupant): void;

  /** Empties the place of an occupant. @returns its guest address, undefined when it had none. */
  remove(occupant: Occupant): PciAddress | undefined;

  /** Root buses that the front end must search to find every occupant. */
  roots(): readonly RootBus[];
}

export function topologyOf<Occupant extends Placeable>(name: TopologyName): Topology<Occupant> {
  return name === 'vpci' ? new VirtualBus() : new RealAddresses();
}
