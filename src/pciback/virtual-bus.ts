/** The topology of one virtual bus: 32 slots on 0000:00, and which function stands where. */
import { OpenslotError, PciAddress, type RootBus } from '../pci/index.js';
import type { Placeable, Topology } from './topology.js';

const SLOTS = 32;
const FUNCTIONS_PER_SLOT = 8;

/** The guest's bus has no place for a function. */
export class VirtualBusFullError extends OpenslotError {
  readonly code: 'VIRTUAL_BUS_FULL' | 'VIRTUAL_SLOT_TAKEN';
  constructor(code: VirtualBusFullError['code'], physical: PciAddress, slot: number | undefined) {
    const seen = { address: String(physical), ...(slot === undefined ? {} : { slot }) };
    super(
      code === 'VIRTUAL_BUS_FULL'
        ? `there is no free slot on the guest's bus for ${physical}`
        : `slot ${slot ?? 0} of the guest's bus is taken: ${physical} cannot have it`,
      seen,
      'detach a function from the guest, or ask for another slot',
    );
    this.code = code;
  }
}

const ROOTS: readonly RootBus[] = [{ domain: 0, bus: 0 }];

/**
 * Functions of one device share a slot and keep their function numbers, as guests expect of a multi-function device;
 * every other function gets the first free slot, or the one that is asked for, and keeps its number too. libxl asks for
 * function 0 where one is given alone, but Linux's vpci does not read that, and gives it its own number: as long as we
 * do the same, a guest finds its function at the same address whichever back end serves it, and a second function of the
 * device can join it later. Front ends look at each function of a slot, also where function 0 is missing. A virtual
 * function is function 0 of a slot of its own, as on Linux.
 */
export class VirtualBus<Occupant extends Placeable> implements Topology<Occupant> {
  readonly #places: (Occupant | undefined)[] = new Array<Occupant | undefined>(
    SLOTS * FUNCTIONS_PER_SLOT,
  ).fill(undefined);

  /** The function at a guest address; domain and bus other than 0 are empty. Allocates nothing. */
  at(domain: number, bus: number, devfn: number): Occupant | undefined {
    if (domain !== 0 || bus !== 0 || devfn >= this.#places.length) return undefined;
    return this.#places[devfn];
  }

  /** Occupants in order of their guest address. */
  *occupants(): Generator<{ readonly address: PciAddress; readonly occupant: Occupant }> {
    for (const [devfn, occupant] of this.#places.entries()) {
      if (occupant !== undefined) yield { address: PciAddress.fromDevfn(0, 0, devfn), occupant };
    }
  }

  /** Where the function would go. `wantedSlot` comes from the tool stack. @throws {VirtualBusFullError} */
  placeFor(physical: PciAddress, wantedSlot?: number, isVirtual = false): PciAddress {
    const joined = isVirtual ? undefined : this.#slotOfSiblings(physical);
    const slot = wantedSlot ?? joined ?? this.#freeSlot();
    if (slot === undefined || slot < 0 || slot >= SLOTS) {
      throw new VirtualBusFullError('VIRTUAL_BUS_FULL', physical, undefined);
    }
    const address = new PciAddress(0, 0, slot, isVirtual ? 0 : physical.function);
    const strangers = this.#inSlot(slot).some((other) => isVirtual || !isSibling(other, physical));
    if (strangers || this.#places[address.devfn] !== undefined) {
      throw new VirtualBusFullError('VIRTUAL_SLOT_TAKEN', physical, slot);
    }
    return address;
  }

  put(address: PciAddress, occupant: Occupant): void {
    this.#places[address.devfn] = occupant;
  }

  roots(): readonly RootBus[] {
    return ROOTS;
  }

  /** Empties the place of an occupant. @returns its guest address, undefined when it had none. */
  remove(occupant: Occupant): PciAddress | undefined {
    const devfn = this.#places.indexOf(occupant);
    if (devfn < 0) return undefined;
    this.#places[devfn] = undefined;
    return PciAddress.fromDevfn(0, 0, devfn);
  }

  #inSlot(slot: number): Occupant[] {
    return this.#places
      .slice(slot * FUNCTIONS_PER_SLOT, (slot + 1) * FUNCTIONS_PER_SLOT)
      .filter((occupant) => occupant !== undefined);
  }

  #slotOfSiblings(physical: PciAddress): number | undefined {
    for (let slot = 0; slot < SLOTS; slot++) {
      const siblings = this.#inSlot(slot).filter((other) => isSibling(other, physical));
      if (siblings.length > 0 && !siblings.some((other) => other.physical.function === physical.function))
        return slot;
    }
    return undefined;
  }

  #freeSlot(): number | undefined {
    for (let slot = 0; slot < SLOTS; slot++) if (this.#inSlot(slot).length === 0) return slot;
    return undefined;
  }
}

function isSibling({ physical, isVirtual = false }: Placeable, other: PciAddress): boolean {
  return !isVirtual && physical.sharesDevice(other);
}
