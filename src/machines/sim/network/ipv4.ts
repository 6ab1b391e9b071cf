/** IPv4 packets of one piece, UDP in them, and the answer to a ping (RFC 791, 768, 792). */
import { ROUTER } from './router.js';

export const Protocol = { icmp: 1, udp: 17 } as const;

const HEADER = 20;
const UDP_HEADER = 8;
const TIME_TO_LIVE = 64;
const ECHO = 8;

export interface Ipv4Packet {
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly payload: Uint8Array;
}

/** @returns undefined for what is broken, has another version, or is a fragment. */
export function parseIpv4(bytes: Uint8Array): Ipv4Packet | undefined {
  if (bytes.length < HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (view.getUint8(0) & 15) * 4;
  const total = view.getUint16(2);
  const isFragment = (view.getUint16(6) & 0x3fff) !== 0;
  if (view.getUint8(0) >>> 4 !== 4 || header < HEADER || total < header || total > bytes.length || isFragment)
    return undefined;
  if (checksum(bytes.subarray(0, header)) !== 0) return undefined;
  return {
    protocol: view.getUint8(9),
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    payload: bytes.subarray(header, total),
  };
}

/** A packet from the router. */
export function ipv4Packet(protocol: number, destination: Uint8Array, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(HEADER + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, packet.length);
  view.setUint8(8, TIME_TO_LIVE);
  view.setUint8(9, protocol);
  packet.set(ROUTER.address, 12);
  packet.set(destination, 16);
  view.setUint16(10, checksum(packet.subarray(0, HEADER)));
  packet.set(payload, HEADER);
  return packet;
}

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Uint8Array;
}

export function parseUdp(payload: Uint8Array): UdpDatagram | undefined {
  if (payload.length < UDP_HEADER) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const bytes = view.getUint16(4);
  if (bytes < UDP_HEADER || bytes > payload.length) return undefined;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    data: payload.subarray(UDP_HEADER, bytes),
  };
}

/** Without a checksum of its own: 0 says that there is none. */
export function udpDatagram({ sourcePort, destinationPort, data }: UdpDatagram): Uint8Array {
  const datagram = new Uint8Array(UDP_HEADER + data.length);
  const view = new DataView(datagram.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, datagram.length);
  datagram.set(data, UDP_HEADER);
  return datagram;
}

/** @returns the reply to a ping of the router. */
export function answerEcho({ source, destination, payload }: Ipv4Packet): Uint8Array | undefined {
  const isPing = payload.length >= 8 && payload[0] === ECHO && checksum(payload) === 0;
  if (!isPing || !destination.every((byte, index) => byte === ROUTER.address[index])) return undefined;
  const reply = Uint8Array.from(payload);
  reply.fill(0, 0, 4);
  new DataView(reply.buffer).setUint16(2, checksum(reply));
  return ipv4Packet(Protocol.icmp, source, reply);
}

/** RFC 1071; 0 over bytes that hold their own right checksum. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2)
    sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
