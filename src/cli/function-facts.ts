/** What is shown of one function, of a machine that is open here. Only who shows one loads the register model. */
import { functionUser } from '../admin/function-user.js';
import type { FindingData } from '../admin/index.js';
import { NO_HOST_FACTS, productData, type Machine } from '../function/index.js';
import type { Wire } from '../owner/index.js';
import { decodeFunction, type PciAddress } from '../pci/index.js';
import type { FunctionFacts } from './function-text.js';

/** Of a machine that has no pool, or whose host reads vital product data in its own way, beside any user. */
export function factsOf(
  machine: Machine,
  address: PciAddress,
  findings: readonly Wire<FindingData>[],
): FunctionFacts {
  const summary = machine.list().find((entry) => entry.address.equals(address));
  using fn = machine.open(address);
  // Reading the data leaves a trace in the registers of its capability, so they are looked at before.
  const decoded = decodeFunction(fn.config);
  const { readVpd } = machine.hostFacts?.(address) ?? NO_HOST_FACTS;
  const user = functionUser(machine, [], address);
  const data = productData(machine, fn, { registers: fn.config, readVpd, user });
  // A capture says itself why it has none.
  const news = data.unreadable.filter(({ what }) => !summary?.unreadable.some((one) => one.what === what));
  return {
    summary: summary && { ...summary, unreadable: [...summary.unreadable, ...news] },
    regions: fn.regions,
    resetMethods: fn.resetMethods,
    interruptLine: fn.interruptLine,
    decoded,
    vpd: data.bytes,
    findings,
  };
}
