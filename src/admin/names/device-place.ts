/** Where a function stands, told by the ports that lead to it and not by bus numbers, which change when a card is added. */
import type { FunctionNode } from '../../look/topology.js';
import { hexDigits } from '../../pci/index.js';

/**
 * `0000:00/1c.4/00.0`: domain and number of the root bus, then device and function of each bridge on the way, and of the
 * function itself. A virtual function is told by the physical one that it belongs to: `0000:00/1c.4/00.0/vf3`.
 */
export function placeOf(node: FunctionNode, virtual?: VirtualPlace): string {
  if (virtual !== undefined) return `${placeOf(virtual.physical)}/vf${virtual.number}`;
  const { above, fn } = node;
  const step = `${hexDigits(fn.address.device, 2)}.${fn.address.function}`;
  if (above !== undefined) return `${placeOf(above)}/${step}`;
  return `${hexDigits(fn.address.domain, 4)}:${hexDigits(fn.address.bus, 2)}/${step}`;
}

/** The part of a place that stays with a card that is put into another slot: its function's number. */
export function functionOfCard(place: string): string {
  const virtual = /\.([0-7]\/vf\d+)$/.exec(place);
  return virtual?.[1] ?? place.slice(-1);
}

/** A virtual function, as the capability of its physical one counts it. */
export interface VirtualPlace {
  readonly physical: FunctionNode;
  /** From 0. */
  readonly number: number;
}

/**
 * Whether a function is virtual: its configuration space has no numbers of a maker, and has a class all the same
 * (PCI Express Base 6.0, 9.3.4.1.1).
 */
export function isVirtual({ fn: { config } }: FunctionNode): boolean {
  const header = config.subarray(0, HEADER_BYTES);
  return header.length === HEADER_BYTES && header.subarray(0, 4).every(isOnes) && !header.every(isOnes);
}

const HEADER_BYTES = 64;

function isOnes(byte: number): boolean {
  return byte === 0xff;
}

/** Which of these functions the virtual one belongs to; undefined where its capability could not be read. */
export function virtualPlace(
  { fn: { address } }: FunctionNode,
  nodes: Iterable<FunctionNode>,
): VirtualPlace | undefined {
  for (const physical of nodes) {
    const { fields, fn } = physical;
    if (fn.address.domain !== address.domain || !fields.has('sriov')) continue;
    const count = fields.raw('sriov.num_vfs') ?? 0;
    const first = fields.raw('sriov.first_vf') ?? 0;
    const stride = fields.raw('sriov.stride') ?? 0;
    // Requester identifiers, 16 bits: the sum may lead to the next bus.
    const behind = requester(address) - requester(fn.address) - first;
    if (first === 0 || behind < 0) continue;
    const number = stride === 0 ? 0 : behind / stride;
    if (Number.isInteger(number) && number < count && behind === number * stride) return { physical, number };
  }
  return undefined;
}

function requester({ sbdf }: { readonly sbdf: number }): number {
  return sbdf & 0xffff;
}
