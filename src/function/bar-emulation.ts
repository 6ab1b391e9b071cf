/** Emulated base address registers: they answer the sizing probe and never move the real ones. */
import { barSizingAnswer, encodeBar, Header, romSizingAnswer, type BarShape } from '../pci/index.js';
import type { ImageRegister } from './config-image.js';
import { ROM_REGION, type RegionInfo } from './function.js';

const ROM_ADDRESS_MASK = 0xffff_f800;

/** One 32-bit half of an address register: an address to show, and what the sizing probe answers. */
class AddressRegister {
  #sizing = false;
  readonly #address: number;
  readonly #size: number;
  /** Bits of a written value that must all be 1 for it to be the sizing probe. */
  readonly #probe: number;

  constructor(address: number, size: number, probe: number) {
    this.#address = address >>> 0;
    this.#size = size >>> 0;
    this.#probe = probe >>> 0;
  }

  read(): number {
    return this.#sizing ? this.#size : this.#address;
  }

  get sizing(): boolean {
    return this.#sizing;
  }

  set sizing(on: boolean) {
    this.#sizing = on && this.#size !== 0;
  }

  write(value: number, mask: number): void {
    // Bytes that are not written keep what was written before, ones or an address; only a whole probe counts as one.
    // So the same write twice is as good as once: whoever answers after a restart may carry one out again.
    const before = this.#sizing ? 0xffff_ffff : this.#address;
    const merged = ((before & ~mask) | (value & mask)) >>> 0;
    this.#sizing = this.#size !== 0 && (merged & this.#probe) >>> 0 === this.#probe;
  }
}

/** The bits of a BAR that software cannot change, from what the machine knows of the region. */
export function barShapeOf({
  kind,
  prefetchable,
  wide,
}: Pick<RegionInfo, 'kind' | 'prefetchable' | 'wide'>): BarShape {
  if (kind === 'io') return { kind: 'io', width: 32 };
  return { kind: 'memory', width: wide ? 64 : 32, prefetchable, belowOneMegabyte: false };
}

function register(name: string, offset: number, half: AddressRegister): ImageRegister {
  return {
    name,
    offset,
    width: 4,
    virtual: 0xffff_ffff,
    read: () => half.read(),
    write: (value, mask) => {
      half.write(value, mask);
    },
    memory: {
      get: () => (half.sizing ? 1 : 0),
      set: (value) => {
        half.sizing = value !== 0;
      },
    },
  };
}

/**
 * Registers for the address registers of a type 0 header: each BAR shows its address until all ones are written,
 * then its size, then whatever write follows the address again. An absent region reads 0. The hardware is never
 * written: a guest cannot move a BAR over its neighbour's.
 */
export function emulatedBars(regions: readonly RegionInfo[]): ImageRegister[] {
  const registers: ImageRegister[] = [];
  const byIndex = new Map(regions.map((region) => [region.index, region]));
  for (let index = 0; index < 6; index++) {
    const region = byIndex.get(index);
    const offset = Header.firstBar + index * 4;
    const name = `header.bar${index}`;
    if (region === undefined) {
      registers.push(register(name, offset, new AddressRegister(0, 0, 0xffff_ffff)));
      continue;
    }
    const shape = barShapeOf(region);
    const shown = encodeBar(shape, region.address);
    const answer = barSizingAnswer(shape, BigInt(region.size));
    // Only the address bits make the probe: what stands in the type bits of the write does not matter.
    const addressBits = region.kind === 'io' ? ~0x3 : ~0xf;
    registers.push(register(name, offset, new AddressRegister(shown.low, answer.low, addressBits)));
    if (region.wide && index < 5) {
      index++;
      registers.push(
        register(`header.bar${index}`, offset + 4, new AddressRegister(shown.high, answer.high, 0xffff_ffff)),
      );
    }
  }
  const rom = byIndex.get(ROM_REGION);
  const romAddress = rom === undefined ? 0 : Number(BigInt.asUintN(32, rom.address)) & ROM_ADDRESS_MASK;
  const romSize = rom === undefined ? 0 : romSizingAnswer(BigInt(rom.size)) & ROM_ADDRESS_MASK;
  registers.push(register('header.rom', 0x30, new AddressRegister(romAddress, romSize, ROM_ADDRESS_MASK)));
  return registers;
}
