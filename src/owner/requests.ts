/** Requests to an owner: one JSON object a line, `{"id", "request", "address"?}`, answered by `{"id", "result"}` or `{"id", "error"}`. */
import type { ClaimReport } from '../admin/index.js';
import type { PciAddress } from '../pci/index.js';

/** A pool function as it is printed and sent: addresses in hexadecimal notation. */
export interface PoolEntry {
  readonly address: string;
  readonly state: 'free' | 'taken' | 'quarantined' | 'changing';
  /** `guest 3`, for a taken one. */
  readonly taker?: string;
  readonly why?: string;
  readonly holder?: string;
}

/** What an owner does for its clients. */
export interface OwnerRequests {
  pool(): readonly PoolEntry[];
  claim(address: PciAddress): Promise<ClaimReport>;
  release(address: PciAddress): Promise<ClaimReport>;
}

export type RequestName = keyof OwnerRequests;

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly next: string;
}

export type AnswerLine =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: WireError };

/** Longest line that either end takes. */
export const LONGEST_LINE = 64 * 1024;
