/** What is shown of one function, of a machine that is open here. Only who shows one loads the register model. */
import type { FindingData } from '../admin/index.js';
import type { Machine } from '../function/index.js';
import type { Wire } from '../owner/index.js';
import { decodeFunction, type PciAddress } from '../pci/index.js';
import type { FunctionFacts } from './function-text.js';

export function factsOf(
  machine: Machine,
  address: PciAddress,
  findings: readonly Wire<FindingData>[],
): FunctionFacts {
  const summary = machine.list().find((entry) => entry.address.equals(address));
  using fn = machine.open(address);
  return {
    summary,
    regions: fn.regions,
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    decoded: decodeFunction(fn.config),
    findings,
  };
}
