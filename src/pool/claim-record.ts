/** A claim as it is remembered: who drove the function before, who keeps it for the pool, and who has it. */
import { z } from 'zod';
import type { SavedState } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { KEPT_ADDRESS } from './kept-address.js';

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

const word = z.int().min(0).max(0xffff_ffff);

const SAVED_REGISTER = z.strictObject({
  name: z.string(),
  offset: word,
  width: z.union([z.literal(1), z.literal(2), z.literal(4)]),
  mask: word,
  clearing: word,
  value: word,
});

/** A claim as JSON has it: what is undefined is absent. */
export const CLAIM = z
  .strictObject({
    address: KEPT_ADDRESS,
    formerDriver: z.string().exactOptional(),
    formerOverride: z.string().exactOptional(),
    holder: z.string().exactOptional(),
    adopted: z.string().exactOptional(),
    quarantined: z.string().exactOptional(),
    // Never passed over: a function whose taker is forgotten would be given to a second one.
    taken: z.strictObject({ taker: z.string(), saved: z.array(SAVED_REGISTER) }).exactOptional(),
  })
  .transform(({ address, formerDriver, formerOverride, holder, ...rest }): ClaimRecord => ({
    address,
    formerDriver,
    formerOverride,
    holder,
    ...rest,
  }));
