/** Ethernet as frames without their check sequence: what a network card and a network are to each other. */

/** Bytes of a frame: header, payload of at least 46 bytes, no frame check sequence (IEEE 802.3, 3.2). */
export const SHORTEST_FRAME = 60;
export const HEADER_BYTES = 14;

/** A network, as a card sees it. */
export interface EthernetNetwork {
  /** A frame from the card. What it answers comes to the card's listener later, never from inside this call. */
  send(frame: Uint8Array): void;
}

/** What a card gives its network: time, and a way back. */
export interface NetworkPort {
  /** Runs `action` once, so many nanoseconds from now, unless the card is reset before. */
  after(nanoseconds: number, action: () => void): void;
  deliver(frame: Uint8Array): void;
}

/** Twelve digits, `52:54:00:12:34:56`. @returns undefined for what is not, or is a group's address. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
  const bytes = Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
  return ((bytes[0] ?? 1) & 1) === 0 ? bytes : undefined;
}

let table: Uint32Array | undefined;

/** CRC-32 of IEEE 802.3, 3.2.9, as a register before its last inversion: the multicast hash takes its upper bits. */
export function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, value) => {
    let crc = value;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
    return crc;
  });
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return crc >>> 0;
}
