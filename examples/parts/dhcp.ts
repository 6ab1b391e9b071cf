/** The two messages of DHCP that the Ethernet example needs, with their UDP, IPv4 and Ethernet headers (RFC 2131). */

const ETHERNET = 14;
const IP = 20;
const UDP = 8;
const FIXED = 240;
const MAGIC = 0x6382_5363;
const DISCOVER = 1;
const OFFER = 2;

export interface Offer {
  readonly address: string;
  readonly server: string;
  readonly router: string | undefined;
  readonly leaseSeconds: number | undefined;
}

/** A broadcast frame, as long as the shortest that servers expect. */
export function dhcpDiscover(mac: Uint8Array, transaction: number): Uint8Array {
  const message = new Uint8Array(300);
  const body = new DataView(message.buffer);
  message.set([1, 1, 6, 0]);
  body.setUint32(4, transaction);
  // Answered by a broadcast: this end has no address yet.
  body.setUint16(10, 0x8000);
  message.set(mac, 28);
  body.setUint32(236, MAGIC);
  message.set([53, 1, DISCOVER, 55, 3, 1, 3, 51, 255], FIXED);

  const frame = new Uint8Array(ETHERNET + IP + UDP + message.length);
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  view.setUint16(12, 0x0800);
  view.setUint16(ETHERNET, 0x4500);
  view.setUint16(ETHERNET + 2, IP + UDP + message.length);
  view.setUint16(ETHERNET + 8, (64 << 8) | 17);
  view.setUint32(ETHERNET + 16, 0xffff_ffff);
  view.setUint16(ETHERNET + 10, checksum(frame.subarray(ETHERNET, ETHERNET + IP)));
  view.setUint16(ETHERNET + IP, 68);
  view.setUint16(ETHERNET + IP + 2, 67);
  view.setUint16(ETHERNET + IP + 4, UDP + message.length);
  frame.set(message, ETHERNET + IP + UDP);
  return frame;
}

/** @returns undefined for a frame that is no offer to this transaction. */
export function parseOffer(frame: Uint8Array, transaction: number): Offer | undefined {
  const start = ETHERNET + IP + UDP;
  if (frame.length < start + FIXED) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const isDhcp =
    view.getUint16(12) === 0x0800 && frame[ETHERNET + 9] === 17 && view.getUint16(ETHERNET + IP) === 67;
  if (!isDhcp || view.getUint32(start + 4) !== transaction || view.getUint32(start + 236) !== MAGIC)
    return undefined;
  const options = new Map<number, Uint8Array>();
  for (let place = start + FIXED; place + 1 < frame.length && frame[place] !== 255;) {
    const length = frame[place] === 0 ? -1 : (frame[place + 1] ?? 0);
    if (length >= 0) options.set(frame[place] ?? 0, frame.slice(place + 2, place + 2 + length));
    place += 2 + length;
  }
  if (options.get(53)?.[0] !== OFFER) return undefined;
  const lease = options.get(51);
  return {
    address: frame.slice(start + 16, start + 20).join('.'),
    server: (options.get(54) ?? frame.slice(start + 20, start + 24)).join('.'),
    router: options.get(3)?.slice(0, 4).join('.'),
    leaseSeconds: lease?.length === 4 ? new DataView(lease.buffer).getUint32(0) : undefined,
  };
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2)
    sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
