/** The vital product data of a simulated function, read through its capability a dword at a time. */
import type { ConfigImage } from '../../../function/index.js';
import { CapabilityId, vpd } from '../../../pci/index.js';
import { tableRegisters, type CapabilityPlan } from './config-registers.js';

const FLAG = 0x8000;

export class VpdWindow {
  readonly #bytes: Uint8Array;
  #data = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get plan(): CapabilityPlan {
    return {
      id: CapabilityId.vpd,
      bytes: 8,
      registers: (base, next) =>
        tableRegisters(vpd, base, {
          list: { initial: (next << 8) | CapabilityId.vpd },
          data: { read: () => this.#data },
        }),
    };
  }

  reset(): void {
    this.#data = 0;
  }

  /**
   * After a write of the address: a clear flag asks for a dword, which is there at once, and the set flag tells so. A
   * set flag asks to store one; all of it is read-only, so the flag is only cleared, as when the device is done.
   */
  written(image: ConfigImage, base: number, offset: number, width: number): void {
    if (offset + width <= base + 2 || offset >= base + 4) return;
    const address = image.read(base + 2, 2);
    if ((address & FLAG) !== 0) {
      image.hold('vpd.address', address & ~FLAG);
      return;
    }
    this.#data = 0;
    for (let byte = 0; byte < 4; byte++)
      this.#data |= (this.#bytes[(address & ~3) + byte] ?? 0) << (byte * 8);
    image.hold('vpd.address', address | FLAG);
  }
}
