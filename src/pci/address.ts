/** A PCI function's address: domain, bus, device and function, as one immutable value. */
import { AddressRangeError } from './errors.js';
import { hexDigits } from './hex-digits.js';

function checked(part: 'domain' | 'bus' | 'device' | 'function', value: number, limit: number): number {
  if (!Number.isInteger(value) || value < 0 || value > limit) throw new AddressRangeError(part, value, limit);
  return value;
}

/**
 * The address `DDDD:BB:DD.F` of a PCI function. Made from numbers here and from text by a notation
 * (`notations.ts`) only, so that text is never passed on as an address.
 */
export class PciAddress {
  /** 16 bits. Linux gives domains above 0xffff to some virtual bridges; the wire formats of Xen cannot carry them. */
  readonly domain: number;
  /** 8 bits. */
  readonly bus: number;
  /** 5 bits; "slot" in older texts. */
  readonly device: number;
  /** 3 bits. */
  readonly function: number;

  /** @throws {AddressRangeError} when a part does not fit its width. */
  constructor(domain: number, bus: number, device: number, fn: number) {
    this.domain = checked('domain', domain, 0xffff);
    this.bus = checked('bus', bus, 0xff);
    this.device = checked('device', device, 0x1f);
    this.function = checked('function', fn, 7);
  }

  /** From a domain, a bus and the packed device and function byte (bits 7:3 device, 2:0 function). */
  static fromDevfn(domain: number, bus: number, devfn: number): PciAddress {
    return new PciAddress(domain, bus, devfn >> 3, devfn & 7);
  }

  /** Device and function in one byte, as configuration cycles and Xen's operations carry them. */
  get devfn(): number {
    return (this.device << 3) | this.function;
  }

  /** The 32-bit number domain:16 bus:8 devfn:8, as Xen's `machine_sbdf`; also a map key and a sort key. */
  get sbdf(): number {
    return ((this.domain << 16) | (this.bus << 8) | this.devfn) >>> 0;
  }

  equals(other: PciAddress): boolean {
    return this.sbdf === other.sbdf;
  }

  /** True for functions of one device, itself among them. */
  sharesDevice(other: PciAddress): boolean {
    return this.sbdf >>> 3 === other.sbdf >>> 3;
  }

  /** Always the full hexadecimal notation, `0000:0a:00.0`, as sysfs writes it. */
  toString(): string {
    return `${hexDigits(this.domain, 4)}:${hexDigits(this.bus, 2)}:${hexDigits(this.device, 2)}.${this.function}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
