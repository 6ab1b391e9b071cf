/** Address resolution: who has an address of the router's (RFC 826). */
import { ROUTER } from './router.js';

/** Ethernet, IPv4, lengths 6 and 4, request. */
const REQUEST = Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 1);
const REPLY = 2;
const BYTES = 28;
const SENDER = 8;
const TARGET = 18;
const TARGET_ADDRESS = 24;

/** @returns the reply, undefined for what is no question about the router or its name server. */
export function answerArp(request: Uint8Array): Uint8Array | undefined {
  if (request.length < BYTES || !REQUEST.every((byte, index) => request[index] === byte)) return undefined;
  const asked = request.subarray(TARGET_ADDRESS, BYTES);
  if (![ROUTER.address, ROUTER.nameServer].some((own) => own.every((byte, index) => asked[index] === byte)))
    return undefined;
  const reply = Uint8Array.from(request.subarray(0, BYTES));
  reply[7] = REPLY;
  reply.set(ROUTER.mac, SENDER);
  reply.set(asked, SENDER + 6);
  reply.set(request.subarray(SENDER, SENDER + 10), TARGET);
  return reply;
}
