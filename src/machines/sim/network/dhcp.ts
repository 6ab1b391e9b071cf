/** A DHCP server with one address to give (RFC 2131, options of RFC 2132). */
import { ipv4Packet, parseUdp, Protocol, udpDatagram, type Ipv4Packet } from './ipv4.js';
import { ROUTER } from './router.js';

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const BROADCAST = Uint8Array.of(255, 255, 255, 255);

/** Places in a message (RFC 2131, figure 1). */
const YOUR_ADDRESS = 16;
const SERVER_ADDRESS = 20;
const HARDWARE_ADDRESS = 28;
const COOKIE = 236;
const OPTIONS = 240;
/** Clients may expect as much (RFC 951 gave the options 64 bytes). */
const SHORTEST = 300;
const MAGIC = 0x6382_5363;

const Option = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  nameServer: 6,
  requestedAddress: 50,
  leaseTime: 51,
  messageType: 53,
  server: 54,
  end: 255,
} as const;

const MessageType = { discover: 1, offer: 2, request: 3, acknowledge: 5, refuse: 6 } as const;

/** @returns the packet with the offer, acknowledgement or refusal; undefined for what asks for none. */
export function answerDhcp(packet: Ipv4Packet): Uint8Array | undefined {
  const datagram = parseUdp(packet.payload);
  if (datagram?.destinationPort !== SERVER_PORT || datagram.sourcePort !== CLIENT_PORT) return undefined;
  const request = datagram.data;
  if (request.length < OPTIONS || request[0] !== 1 || request[1] !== 1 || request[2] !== 6) return undefined;
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  if (view.getUint32(COOKIE) !== MAGIC) return undefined;
  const options = parseOptions(request.subarray(OPTIONS));
  const type = answerType(options);
  if (type === undefined) return undefined;
  const data = message(request, type);
  return ipv4Packet(
    Protocol.udp,
    BROADCAST,
    udpDatagram({ sourcePort: SERVER_PORT, destinationPort: CLIENT_PORT, data }),
  );
}

function answerType(options: ReadonlyMap<number, Uint8Array>): number | undefined {
  const type = options.get(Option.messageType)?.[0];
  if (type === MessageType.discover) return MessageType.offer;
  if (type !== MessageType.request) return undefined;
  const server = options.get(Option.server);
  // The client has taken another server's offer.
  if (server !== undefined && !equal(server, ROUTER.address)) return undefined;
  const wanted = options.get(Option.requestedAddress);
  return wanted === undefined || equal(wanted, ROUTER.guest) ? MessageType.acknowledge : MessageType.refuse;
}

function message(request: Uint8Array, type: number): Uint8Array {
  const reply = new Uint8Array(SHORTEST);
  // Transaction id, seconds, flags and hardware address are the client's.
  reply.set(request.subarray(0, 12));
  reply[0] = 2;
  reply.set(request.subarray(HARDWARE_ADDRESS, HARDWARE_ADDRESS + 16), HARDWARE_ADDRESS);
  const lease = new Uint8Array(4);
  new DataView(lease.buffer).setUint32(0, ROUTER.leaseSeconds);
  const options: [number, Uint8Array][] = [
    [Option.messageType, Uint8Array.of(type)],
    [Option.server, ROUTER.address],
  ];
  if (type !== MessageType.refuse) {
    reply.set(ROUTER.guest, YOUR_ADDRESS);
    reply.set(ROUTER.address, SERVER_ADDRESS);
    options.push(
      [Option.subnetMask, ROUTER.mask],
      [Option.router, ROUTER.address],
      [Option.nameServer, ROUTER.nameServer],
      [Option.leaseTime, lease],
    );
  }
  new DataView(reply.buffer).setUint32(COOKIE, MAGIC);
  let place = OPTIONS;
  for (const [option, value] of options) {
    reply.set([option, value.length], place);
    reply.set(value, place + 2);
    place += 2 + value.length;
  }
  reply[place] = Option.end;
  return reply;
}

/** The first of each option; what is cut off is not there. */
function parseOptions(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let place = 0; place < bytes.length;) {
    const option = bytes[place] ?? Option.end;
    if (option === Option.end) break;
    if (option === Option.pad) {
      place++;
      continue;
    }
    const length = bytes[place + 1] ?? 0;
    const value = bytes.subarray(place + 2, place + 2 + length);
    if (value.length === length && !options.has(option)) options.set(option, value);
    place += 2 + length;
  }
  return options;
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
