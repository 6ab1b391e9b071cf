/** What a bridge passes on to the bus behind it: its windows of ports and of memory. */
import type { CapturedFields } from './captured-fields.js';

export interface Window {
  readonly kind: 'io' | 'memory' | 'prefetchable';
  /** First and last address that is passed on. */
  readonly base: bigint;
  readonly limit: bigint;
  /** The bridge decodes it: its Command register has memory or I/O on. */
  readonly enabled: boolean;
}

/** `upper`: the lowest bit of the address that the upper half has, where there is one. */
const WINDOWS = [
  { kind: 'io', register: 'io', shift: 12n, upper: 16n, decoding: 'io' },
  { kind: 'memory', register: 'memory', shift: 20n, upper: undefined, decoding: 'memory' },
  { kind: 'prefetchable', register: 'prefetch', shift: 20n, upper: 32n, decoding: 'memory' },
] as const;

/** Windows that are open, in the order of their registers (PCI-to-PCI Bridge Architecture 1.2, 3.2.5); none of a device. */
export function windowsOf(fields: CapturedFields): Window[] {
  const open: Window[] = [];
  for (const { kind, register, shift, upper, decoding } of WINDOWS) {
    const base = address(fields, `${register}_base`, shift, upper);
    const limit = address(fields, `${register}_limit`, shift, upper);
    // A base above the limit is how a window is closed.
    if (base === undefined || limit === undefined || base > limit) continue;
    const last = limit | ((1n << shift) - 1n);
    open.push({ kind, base, limit: last, enabled: fields.isSet(`header.command.${decoding}`) });
  }
  return open;
}

function address(
  fields: CapturedFields,
  register: string,
  shift: bigint,
  upper: bigint | undefined,
): bigint | undefined {
  const low = fields.raw(`header.${register}.address`);
  if (low === undefined) return undefined;
  const address = BigInt(low) << shift;
  // The upper half counts where the low nibble says that the bridge decodes it.
  if (upper === undefined || fields.raw(`header.${register}.type`) !== 1) return address;
  return (BigInt(fields.raw(`header.${register}_upper`) ?? 0) << upper) | address;
}
