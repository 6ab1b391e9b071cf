/** The one host of the network besides the card. */

/** What the router is, in all its answers. */
export const ROUTER = {
  mac: Uint8Array.of(0x52, 0x55, 10, 0, 2, 2),
  address: Uint8Array.of(10, 0, 2, 2),
  nameServer: Uint8Array.of(10, 0, 2, 3),
  guest: Uint8Array.of(10, 0, 2, 15),
  mask: Uint8Array.of(255, 255, 255, 0),
  leaseSeconds: 86_400,
} as const;
