/** The front ends with which a guest can meet our back end in tests: our own, and the strict old one. */
import type { FrontEndKind } from '../../src/pciback/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import type { GuestPlatform } from '../../src/xen/platform.js';
import { Xpci } from '../../src/xpci/index.js';
import { StrictFrontEnd } from './strict-front-end.js';

/** A function as a guest found it, with what every front end can tell of it. */
export interface FoundFunction {
  readonly address: PciAddress;
  readonly vendor: number;
  readonly device: number;
  readonly classCode: number;
  /** `0 memory 0x4000 at 0xfebd0000` */
  readonly bars: readonly string[];
}

/** A front end that has connected. */
export interface ConnectedFrontEnd {
  readonly found: readonly FoundFunction[];
  /** An aligned access of 4 bytes. */
  configRead(address: PciAddress, offset: number): number;
  /** Why its guest does not live any more. */
  readonly panic: string | undefined;
}

export interface FrontEndChoice {
  readonly name: 'our front end' | 'a strict front end';
  readonly kind: FrontEndKind;
  /** Settles when its functions are found. */
  connect(platform: GuestPlatform): Promise<ConnectedFrontEnd>;
}

function barText(index: number, kind: string, size: number, address: bigint): string {
  return `${index} ${kind} 0x${size.toString(16)} at 0x${address.toString(16)}`;
}

/** What `xpci` lists now. */
export function foundByXpci(xpci: Xpci): readonly FoundFunction[] {
  return xpci.list().map(({ address, vendor, device, classCode }) => {
    using fn = xpci.open(address);
    const bars = fn.regions
      .filter(({ index }) => index < 6)
      .map(({ index, kind, size, address: base }) => barText(index, kind, size, base));
    return { address, vendor, device, classCode, bars };
  });
}

export function foundByStrict({ functions }: StrictFrontEnd): readonly FoundFunction[] {
  return functions.map(({ address, id, classRevision, bars }) => ({
    address,
    vendor: id & 0xffff,
    device: id >>> 16,
    classCode: classRevision >>> 8,
    bars: bars.map(({ index, kind, size, base }) => barText(index, kind, size, base)),
  }));
}

export const FRONT_ENDS: readonly FrontEndChoice[] = [
  {
    name: 'our front end',
    kind: 'reconfigurable',
    connect: async (platform) => {
      const xpci = await Xpci.connect(platform);
      return {
        get found() {
          return foundByXpci(xpci);
        },
        configRead: (address, offset) => xpci.open(address).config.read(offset, 4),
        panic: undefined,
      };
    },
  },
  {
    name: 'a strict front end',
    kind: 'fixed',
    connect: async (platform) => {
      const strict = await StrictFrontEnd.boot(platform);
      await Promise.race([strict.configured, strict.panicked]);
      return {
        get found() {
          return foundByStrict(strict);
        },
        configRead: (address, offset) => strict.confRead(address, offset),
        get panic() {
          return strict.panic;
        },
      };
    },
  },
];
