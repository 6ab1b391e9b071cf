/** What an owner answers to a request for register accesses. */
import { accessRegisters } from '../admin/index.js';
import type { Machine } from '../function/index.js';
import type { CheckedParameters, OwnerResults } from '../owner/index.js';

/** `user` drives the function, undefined where nobody does. 64 bits are text, as JSON has no such number. */
export function answerRegisters(
  machine: Machine,
  user: string | undefined,
  { address, operations, ...options }: CheckedParameters<'registers'>,
): OwnerResults['registers'] {
  return accessRegisters(machine, user, address, operations, options).map((found) =>
    found === undefined ? null : `0x${found.toString(16)}`,
  );
}
