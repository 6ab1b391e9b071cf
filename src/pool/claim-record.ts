/** A claim as it is remembered: who drove the function before, who keeps it for the pool, and who has it. */
import { parseSavedState, type SavedState } from '../function/index.js';
import { notations, type PciAddress } from '../pci/index.js';

/** Who has a claimed function, and what it is restored to when it comes back. */
export interface TakenRecord {
  readonly taker: string;
  readonly saved: SavedState;
}

/** One claim: who drove the function before, and who holds it for the pool. */
export interface ClaimRecord {
  readonly address: PciAddress;
  /** Driver before the claim, undefined when there was none. */
  readonly formerDriver: string | undefined;
  /** `driver_override` before the claim. */
  readonly formerOverride: string | undefined;
  /** Driver that holds it now, undefined when it is held by having none. */
  readonly holder: string | undefined;
  /** Who had given it to its holder, where it was taken over as it stood: `xl`, `driver_override`. */
  readonly adopted?: string;
  /** Why it is kept from everybody, where it came back broken. */
  readonly quarantined?: string;
  /** Kept while somebody has it: a taker outlives the process that gave it to him. */
  readonly taken?: TakenRecord;
}

/** The same as JSON has it: what is undefined is absent. */
export interface ClaimData {
  readonly address: string;
}

export function claimData(record: ClaimRecord): ClaimData {
  return JSON.parse(JSON.stringify(record)) as ClaimData;
}

/** @returns why it is none where it is no claim. @throws {MalformedAddressError} */
export function parseClaim(entry: unknown): ClaimRecord | string {
  if (typeof entry !== 'object' || entry === null) return 'an entry is no object';
  const { address, formerDriver, formerOverride, holder, adopted, quarantined, taken } = entry as Record<
    string,
    unknown
  >;
  if (typeof address !== 'string') return 'an entry has no address';
  const takenRecord = taken === undefined ? undefined : parseTaken(taken);
  // Never passed over: a function whose taker is forgotten would be given to a second one.
  if (taken !== undefined && takenRecord === undefined) return 'an entry does not say who has the function';
  const optional = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    address: notations.hex.parse(address),
    formerDriver: optional(formerDriver),
    formerOverride: optional(formerOverride),
    holder: optional(holder),
    ...(typeof adopted === 'string' ? { adopted } : {}),
    ...(typeof quarantined === 'string' ? { quarantined } : {}),
    ...(takenRecord === undefined ? {} : { taken: takenRecord }),
  };
}

function parseTaken(entry: unknown): TakenRecord | undefined {
  const { taker, saved } = (entry ?? {}) as Record<string, unknown>;
  const state = parseSavedState(saved);
  return typeof taker !== 'string' || state === undefined ? undefined : { taker, saved: state };
}
