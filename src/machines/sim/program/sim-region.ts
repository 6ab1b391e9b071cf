/** A BAR of a simulated function: the bus at the address that it had when the function was opened. */
import { RegionAccessError, type Region, type RegionInfo } from '../../../function/index.js';
import type { AddressMap } from '../bus/address-map.js';
import { BusRange } from '../bus/bus-range.js';
import type { Routing } from '../bus/bus.js';
import type { VirtualClock } from '../clock.js';

export class SimRegion extends BusRange implements Region {
  readonly info: RegionInfo;
  readonly #name: string;
  readonly #onClose: () => void;
  #open = true;

  constructor(
    name: string,
    info: RegionInfo,
    map: AddressMap,
    routing: Routing,
    clock: VirtualClock,
    onClose: () => void,
  ) {
    super({ kind: info.kind, base: Number(info.address), size: info.size, name }, map, routing, clock);
    this.info = info;
    this.#name = name;
    this.#onClose = onClose;
  }

  close(): void {
    this.#open = false;
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected override checkOpen(): void {
    if (!this.#open) throw new RegionAccessError('REGION_CLOSED', this.#name, 'was closed');
  }
}
