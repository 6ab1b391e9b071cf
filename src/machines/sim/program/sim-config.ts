/** Configuration space of a simulated function: cycles to its address, which reach what stands there then. */
import {
  allOnes,
  checkConfigAccess,
  ConfigAccessError,
  type ConfigSpace,
  type ConfigWidth,
} from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import type { BusFunction } from '../bus/bus.js';
import type { VirtualClock } from '../clock.js';
import type { RootComplex } from '../bus/root-complex.js';

export class SimConfig implements ConfigSpace {
  readonly size: number;
  readonly #address: PciAddress;
  readonly #root: RootComplex;
  readonly #clock: VirtualClock;
  #reached: BusFunction | undefined;
  #version = 0;
  #open = true;

  constructor(address: PciAddress, size: number, root: RootComplex, clock: VirtualClock) {
    this.#address = address;
    this.size = size;
    this.#root = root;
    this.#clock = clock;
  }

  read(offset: number, width: ConfigWidth): number {
    this.#check('read', offset, width);
    return this.#reach()?.configRead(offset, width) ?? allOnes(width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    this.#check('write', offset, width);
    this.#reach()?.configWrite(offset, width, value);
  }

  close(): void {
    this.#open = false;
  }

  #check(operation: 'read' | 'write', offset: number, width: ConfigWidth): void {
    checkConfigAccess(operation, offset, width, this.size);
    if (!this.#open) {
      throw new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, 'the function was closed');
    }
  }

  #reach(): BusFunction | undefined {
    this.#clock.access();
    if (this.#version !== this.#root.routing.version) {
      this.#version = this.#root.routing.version;
      this.#reached = this.#root.find(this.#address);
    }
    return this.#reached;
  }
}
