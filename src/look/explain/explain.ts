/** `explain`: every rule looks at a function, and what they find is told, the worst first. */
import type { PciAddress } from '../../pci/index.js';
import type { Topology } from '../topology.js';
import { linkRules } from './link-rules.js';
import { regionRules } from './region-rules.js';
import { resetRules } from './reset-rules.js';
import type { Explanation, Rule, Weight } from './rule.js';
import { stateRules } from './state-rules.js';
import { structureRules } from './structure-rules.js';

/** A new one is an entry here, a row in docs/looking.md, and a capture that shows it. */
export const RULES: readonly Rule[] = [
  ...structureRules,
  ...linkRules,
  ...regionRules,
  ...stateRules,
  ...resetRules,
];

const ORDER: Readonly<Record<Weight, number>> = { fault: 0, limit: 1, note: 2 };

/** Empty for an address that is not in the topology, and where there is nothing to say. */
export function explain(topology: Topology, address: PciAddress): Explanation[] {
  const node = topology.at(address);
  if (node === undefined) return [];
  const subject = { node, topology };
  return RULES.flatMap((rule) =>
    rule.look(subject).map((found) => ({
      code: rule.code,
      weight: rule.weight,
      why: rule.why,
      next: rule.next,
      ...found,
    })),
  ).sort((a, b) => ORDER[a.weight] - ORDER[b.weight]);
}
