/** The MSI capability of a simulated function: its registers, its mask bits, and the messages that it sends. */
import type { ConfigSpace } from '../../../function/index.js';
import { CapabilityId, msi, MsiControl } from '../../../pci/index.js';
import { tableRegisters, type CapabilityPlan } from './config-registers.js';

/** Writes 32 bits to an address of the bus, as an interrupt. */
export type SendMessage = (address: number, data: number) => void;

export class MsiCapability {
  readonly vectors: number;
  readonly #maskable: boolean;
  readonly #send: SendMessage;
  #enabled = false;
  #granted = 1;
  #address = 0;
  #data = 0;
  #mask = 0;
  #pending = 0;

  constructor(vectors: number, maskable: boolean, send: SendMessage) {
    this.vectors = vectors;
    this.#maskable = maskable;
    this.#send = send;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get plan(): CapabilityPlan {
    const capable = Math.log2(this.vectors);
    return {
      id: CapabilityId.msi,
      bytes: this.#maskable ? 0x18 : 0x0e,
      registers: (base, next) =>
        tableRegisters(msi, base, {
          list: { initial: (next << 8) | CapabilityId.msi },
          // Extended message data is not offered, so its enable bit is none.
          control: {
            initial: (capable << 1) | MsiControl.wide | (this.#maskable ? MsiControl.maskable : 0),
            writable: 0x0071,
          },
          pending: { read: () => this.#pending },
        }),
    };
  }

  /** Takes over what the registers hold now, and sends what is no longer masked. */
  refresh(config: ConfigSpace, base: number): void {
    const control = config.read(base + 2, 2);
    this.#enabled = (control & MsiControl.enable) !== 0;
    this.#granted = Math.min(1 << ((control >> 4) & 7), this.vectors);
    this.#address = config.read(base + 8, 4) * 0x1_0000_0000 + config.read(base + 4, 4);
    this.#data = config.read(base + 0x0c, 2);
    this.#mask = this.#maskable ? config.read(base + 0x10, 4) : 0;
    if (!this.#enabled) this.#pending = 0;
    for (let vector = 0; this.#pending !== 0 && vector < this.#granted; vector++) {
      const bit = 1 << vector;
      if ((this.#pending & bit) === 0 || (this.#mask & bit) !== 0) continue;
      this.#pending = (this.#pending & ~bit) >>> 0;
      this.#deliver(vector);
    }
  }

  /** A function that was granted fewer vectors than it has uses the low bits of the number. */
  raise(vector: number): void {
    const granted = vector & (this.#granted - 1);
    const bit = 1 << granted;
    if ((this.#mask & bit) !== 0) this.#pending = (this.#pending | bit) >>> 0;
    else this.#deliver(granted);
  }

  #deliver(vector: number): void {
    this.#send(this.#address, (this.#data & ~(this.#granted - 1)) | vector);
  }
}
