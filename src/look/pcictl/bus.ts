/** The functions of domain 0 as pcictl reads them: registers of 4 bytes, one by one. */
import type { Capture } from '../../function/capture.js';
import { bytesReader, PciAddress, type RegisterReader } from '../../pci/index.js';

/** What `pcictl` asks of a machine; numbers are those of domain 0. */
export interface PcictlBus {
  /** 32 bits; all ones where no function answers, or the register cannot be read. */
  read(bus: number, device: number, fn: number, register: number): number;
  /** Its name; undefined where the function has none. */
  driver(bus: number, device: number, fn: number): string | undefined;
}

const ALL_ONES = 0xffff_ffff;

/** Every function of domain 0, whose nodes are all that pcictl knows. */
export function captureBus({ functions }: Capture): PcictlBus {
  const byAddress = new Map(functions.map((fn) => [fn.address.sbdf, fn]));
  const at = (bus: number, device: number, fn: number) =>
    byAddress.get(new PciAddress(0, bus, device, fn).sbdf);
  return {
    read(bus, device, fn, register) {
      const config = at(bus, device, fn)?.config;
      if (config === undefined || register + 4 > config.length) return ALL_ONES;
      return bytesReader(config).read(register, 4);
    },
    driver: (bus, device, fn) => at(bus, device, fn)?.driver,
  };
}

/** Bytes that pcictl reads of a function. */
const SPACE_BYTES = 256;

/** The first 256 bytes of configuration space as pcictl has them: what cannot be read is zero. */
export class DumpedSpace implements RegisterReader {
  readonly #bytes: Uint8Array;

  /** As much of the space as could be read. */
  constructor(config: Uint8Array) {
    this.#bytes = new Uint8Array(SPACE_BYTES);
    const whole = config.length & ~3;
    this.#bytes.set(config.subarray(0, Math.min(whole, SPACE_BYTES)));
  }

  read(offset: number, width: 1 | 2 | 4): number {
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + (this.#bytes[offset + i] ?? 0);
    return value;
  }

  /** From there on, as pcictl finds it: it reads words of 4 bytes, so the two low bits do not count. */
  from(offset: number): RegisterReader {
    const base = offset & ~3;
    return { read: (at, width) => this.read(base + at, width) };
  }
}
