/** What a host does with a function, as a description says it: the shape of HostUse, checked. */
import { z } from 'zod';

const text = z.string().min(1);
const address64 = z
  .string()
  .regex(/^0x[0-9a-f]{1,16}$/, 'expected 0x and hexadecimal digits, 64 bits at most');
const functionAddress = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'expected an address: DDDD:BB:DD.F');

export const hostUse = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('mount'), via: text, at: text.startsWith('/') }),
  z.strictObject({ kind: z.literal('swap'), via: text }),
  z.strictObject({ kind: z.literal('assembled'), via: text }),
  z.strictObject({ kind: z.literal('default-route'), via: text, family: z.enum(['inet', 'inet6']) }),
  z.strictObject({ kind: z.literal('network'), via: text, addresses: z.array(text).min(1) }),
  z.strictObject({ kind: z.literal('session'), via: text, who: text, from: text }),
  z.strictObject({ kind: z.literal('console'), via: text }),
  z.strictObject({ kind: z.literal('open'), via: text, process: z.int().min(1), command: text }),
  z.strictObject({
    kind: z.literal('virtual-functions'),
    via: text,
    functions: z.array(functionAddress).min(1),
  }),
  z.strictObject({
    kind: z.literal('reserved-region'),
    via: text,
    first: address64,
    last: address64,
    relaxable: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('unseen'), via: text, why: text }),
]);
