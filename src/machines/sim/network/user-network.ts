/**
 * A network of one's own for a simulated card: a router at 10.0.2.2 that gives the card 10.0.2.15 by DHCP, answers ARP and
 * pings, and leads nowhere. Addresses are those of QEMU's user network.
 */
import { answerArp } from './arp.js';
import { answerDhcp } from './dhcp.js';
import { HEADER_BYTES, SHORTEST_FRAME, type EthernetNetwork, type NetworkPort } from './ethernet.js';
import { answerEcho, parseIpv4, Protocol } from './ipv4.js';
import { ROUTER } from './router.js';

const ARP = 0x0806;
const IPV4 = 0x0800;
const TYPE = 12;
/** What a frame needs there and back. */
const ROUND_TRIP_NANOSECONDS = 200_000;

export class UserNetwork implements EthernetNetwork {
  readonly #port: NetworkPort;

  constructor(port: NetworkPort) {
    this.#port = port;
  }

  send(frame: Uint8Array): void {
    if (frame.length < HEADER_BYTES) return;
    const payload = frame.subarray(HEADER_BYTES);
    const type = new DataView(frame.buffer, frame.byteOffset).getUint16(TYPE);
    const answer = type === ARP ? answerArp(payload) : type === IPV4 ? answerPacket(payload) : undefined;
    if (answer === undefined) return;
    const reply = new Uint8Array(Math.max(HEADER_BYTES + answer.length, SHORTEST_FRAME));
    reply.set(frame.subarray(6, 12), 0);
    reply.set(ROUTER.mac, 6);
    new DataView(reply.buffer).setUint16(TYPE, type);
    reply.set(answer, HEADER_BYTES);
    this.#port.after(ROUND_TRIP_NANOSECONDS, () => {
      this.#port.deliver(reply);
    });
  }
}

function answerPacket(bytes: Uint8Array): Uint8Array | undefined {
  const packet = parseIpv4(bytes);
  if (packet === undefined) return undefined;
  if (packet.protocol === Protocol.udp) return answerDhcp(packet);
  return packet.protocol === Protocol.icmp ? answerEcho(packet) : undefined;
}
