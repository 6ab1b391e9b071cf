/** Which functions specifications name, and whether all of them can be given: looked at before anything is changed. */
import { OpenslotError, type PciAddress, type XlSpec } from '../pci/index.js';
import { FunctionTakenError } from '../pool/index.js';
import { FunctionNamedTwiceError, FunctionNameUnknownError, FunctionsRefusedError } from './errors.js';
import { XEN_HOLDER } from './host-claims.js';
import type { ToolStack } from './tool-stack.js';

/** A function that is to be given, and the specification that names it. */
export interface Picked {
  readonly address: PciAddress;
  readonly spec: XlSpec;
}

/**
 * In the order of the specifications, the functions of a device in order of their numbers. They may come back from
 * another guest at this moment: that is waited for.
 * @throws {OpenslotError} why a single one cannot be given; {FunctionsRefusedError} says it of each of several.
 */
export async function pick(stack: ToolStack, specs: readonly XlSpec[]): Promise<readonly Picked[]> {
  const picked: Picked[] = [];
  for (const spec of specs) {
    for (const address of await named(stack, spec)) {
      if (picked.some((one) => one.address.equals(address))) throw new FunctionNamedTwiceError(address);
      picked.push({ address, spec });
    }
  }
  const refusals: { readonly address: PciAddress; readonly error: OpenslotError }[] = [];
  for (const one of picked) {
    const error = await refusalOf(stack, one);
    if (error !== undefined) refusals.push({ address: one.address, error });
  }
  const [first] = refusals;
  if (first === undefined) return picked;
  throw picked.length === 1 ? first.error : new FunctionsRefusedError(picked.length, refusals);
}

async function named(stack: ToolStack, { target }: XlSpec): Promise<readonly PciAddress[]> {
  switch (target.kind) {
    case 'function':
      return [target.address];
    case 'device': {
      const functions = stack.functionsOf(target.address);
      // One that is not there at all is refused by the pool, in its own words.
      return functions.length === 0 ? [target.address] : functions;
    }
    case 'name': {
      const [first] = await stack.named(target.name);
      if (first === undefined) throw new FunctionNameUnknownError(target.name);
      return [first];
    }
  }
}

async function refusalOf(stack: ToolStack, { address, spec }: Picked): Promise<OpenslotError | undefined> {
  const { pool, libxl } = stack;
  await stack.returned(address);
  try {
    const taker = await libxl.guest(address);
    if (taker !== undefined) throw new FunctionTakenError(address, `guest ${taker}`);
    if (!pool.adoptHeld(address, XEN_HOLDER) && spec.seize) pool.checkClaimable(address);
    else pool.checkTakeable(address);
    return undefined;
  } catch (error) {
    if (error instanceof OpenslotError) return error;
    throw error;
  }
}
