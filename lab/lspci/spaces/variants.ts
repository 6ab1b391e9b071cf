/**
 * What capabilities of one id are tried in: the bytes that choose among its tables, versions, sub types and vendors, and
 * the headers that its words depend on.
 */
import type { Header } from './frame.js';

export type List = 'standard' | 'extended';

/** Bytes that a capability begins with behind the list's own, from offset 2 (standard) or 4 (extended) on. */
export type Selector = readonly number[];

const PLAIN: Header = { vendor: 0x8086, device: 0x1111, classCode: 0x0200, layout: 0, portType: undefined };
const BRIDGE: Header = { ...PLAIN, classCode: 0x0604, layout: 1 };
const VIRTIO = { ...PLAIN, vendor: 0x1af4 };

/** Device/port types that exist, and one that does not (PCI Express Base 6.0, 7.5.3.2). */
const PORT_TYPES = [0, 1, 4, 5, 6, 7, 8, 9, 10, 15];
const CXL = 0x1e98;

const VENDOR = 0x09;
const HYPER_TRANSPORT = 0x08;
const EXPRESS = 0x10;
const VENDOR_SPECIFIC = 0x0b;
const DESIGNATED_VENDOR = 0x23;

export function headersOf(list: List, id: number): readonly Header[] {
  if (list === 'standard')
    return id === VENDOR
      ? [
          PLAIN,
          { ...PLAIN, vendor: 0x1234 },
          ...[0x1000, 0x1041, 0x107f, 0x1080].map((device) => ({ ...VIRTIO, device })),
        ]
      : [PLAIN, BRIDGE];
  // So many variants need no more than an endpoint and a port each.
  const portTypes =
    id === DESIGNATED_VENDOR ? PORT_TYPES.filter((type) => type === 0 || type === 4) : PORT_TYPES;
  return portTypes.map((portType) => ({ ...(isBridge(portType) ? BRIDGE : PLAIN), portType }));
}

/** Ports have a header of layout 1; endpoints, and what is integrated into the root complex, of layout 0. */
function isBridge(portType: number): boolean {
  return portType >= 4 && portType <= 8;
}

export function selectorsOf(list: List, id: number): readonly Selector[] {
  return list === 'standard' ? standardSelectors(id) : extendedSelectors(id);
}

function standardSelectors(id: number): readonly Selector[] {
  switch (id) {
    case HYPER_TRANSPORT:
      // The sub type is in the highest 3 bits, or in the highest 5.
      return range(32).map((type) => [0, type << 3]);
    case VENDOR:
      // Length and the type that virtio puts behind it; Intel's type is in the highest 4 bits.
      return [...range(10), 0x10, 0x18, 0x20, 0xf0].flatMap((type) =>
        [0x08, 0x10, 0x14, 0x18].map((length) => [length, type]),
      );
    case EXPRESS:
      return range(4).flatMap((version) =>
        range(16).flatMap((type) => [0, 1].map((slot) => [version | (type << 4), slot])),
      );
    default:
      return [[]];
  }
}

function extendedSelectors(id: number): readonly Selector[] {
  switch (id) {
    case VENDOR_SPECIFIC:
      return [0x000, 0x010, 0x123].map((length) => dwords(0x0002 | (length << 20)));
    case DESIGNATED_VENDOR:
      return [
        ...[0x08, 0x0c, 0x40].map((length) => dwords(0x8086 | (length << 20), 0x0003)),
        ...range(14).flatMap((type) =>
          range(4).flatMap((revision) =>
            range(14)
              .map((step) => 0x0c + 4 * step)
              .map((length) => dwords(CXL | (revision << 16) | (length << 20), type)),
          ),
        ),
      ];
    default:
      return [[]];
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function dwords(...values: readonly number[]): Selector {
  return values.flatMap((value) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]);
}
