/** The lines of a guest's record, as they are read again: the first says whose it is, each other one what became so. */
import { z } from 'zod';
import { KEPT_ADDRESS } from '../pool/index.js';
import { isDomainId, type DomainId } from '../xen/domain.js';
import type { Pirq } from '../xen/platform.js';
import type { ExportRecord } from './guest-record.js';
import { TOPOLOGY_NAMES } from './topology.js';

const word = z.int().min(0).max(0xffff_ffff);

const isGuest = (value: unknown) => typeof value === 'number' && isDomainId(value);

export const HEAD = z.strictObject({
  guest: z.custom<DomainId>(isGuest, 'it is no domain id'),
  uuid: z.string(),
  topology: z.enum(TOPOLOGY_NAMES),
});

const EXPORT: z.ZodType<ExportRecord> = z.strictObject({
  address: KEPT_ADDRESS,
  virtual: KEPT_ADDRESS,
  stage: z.enum(['preparing', 'given', 'leaving']),
  msixTable: z.enum(['none', 'unknown', 'ours']),
  decoding: z.boolean(),
  interrupts: z.strictObject({
    mode: z.enum(['off', 'msi', 'msix']),
    pirqs: z.array(word.transform((value) => value as Pirq)),
    entries: z.array(word),
    step: z.enum(['settled', 'changing', 'unanswered']),
  }),
  registers: z.record(z.string().regex(/^\d{1,4}$/), word),
  policy: z.strictObject({ source: z.string(), allowed: z.array(z.string()) }).exactOptional(),
});

/** `returned`: the function is back in the pool. */
export const LINE = z.strictObject({
  connected: z.boolean().exactOptional(),
  export: EXPORT.exactOptional(),
  returned: KEPT_ADDRESS.exactOptional(),
});

export type Head = z.output<typeof HEAD>;
export type Line = z.output<typeof LINE>;
