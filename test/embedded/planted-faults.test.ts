/** Faults planted in our own code are found by the hostile operations, each by the finding that fits it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostileRun } from '../hostile/hostile-report.js';
import type { PlantedFault } from '../planted/fault.js';

/** Enough for each to be met, by whichever kind. */
const OPERATIONS = 10_000;
/** Whatever is planted is found with any seed; with this one it always takes the same time. */
const SEED = 4;

const FAULTS: readonly (PlantedFault & { readonly what: string; readonly finding: RegExp })[] = [
  {
    what: 'a second fetch of what was checked',
    module: 'xen/pciif/shared-page',
    text: 'into.offset = request[PageWord.offset] ?? 0;',
    instead:
      "Object.defineProperty(into, 'offset', { configurable: true, get: () => Atomics.load(this.#words, PageWord.offset) });",
    finding: /page rewritten while it is read|a write that was not asked for|met a fault of ours/,
  },
  {
    what: 'a missing bound of the offset',
    module: 'pciback/operation-handler',
    text: 'offset + size <= LARGEST_SPACE &&',
    instead: '',
    finding: /: error 0, and not -2: /,
  },
  {
    what: 'a missing bound of the vectors',
    module: 'pciback/guest-interrupts',
    text: ' || Math.max(...asked) >= this.#tableSize',
    instead: '',
    finding:
      /vectors at their edges|page rewritten while it is read|random page|flags of the other end|interrupts in any state/,
  },
  {
    what: 'a function found without asking on which bus',
    module: 'pciback/virtual-bus',
    text: 'domain !== 0 || bus !== 0 || devfn >= this.#places.length',
    instead: 'devfn >= this.#places.length',
    finding: /, and not -1: /,
  },
  {
    what: 'a page that was granted to somebody else',
    module: 'xen/local/grant-table',
    text: 'grant?.peer !== peer',
    instead: 'grant === undefined',
    finding: /^foreign page reference: connected in spite of/,
  },
  {
    what: 'a pirq of another domain',
    module: 'xen/local/pirqs',
    text: 'const mapped = own.get(pirq);\n        if (mapped === undefined)',
    instead:
      'const mapped = own.get(pirq) ?? [...this.#domains.values()].map((all) => all.mapped.get(pirq)).find((one) => one !== undefined);\n        if (mapped === undefined)',
    finding: /^pirq of another domain: domain \d+ was given what is another's/,
  },
];

describe('hostile operations find', () => {
  for (const { what, finding, ...fault } of FAULTS) {
    test(what, async () => {
      const { findings } = await hostileRun(SEED, OPERATIONS, fault);
      assert.ok(
        findings.some((found) => finding.test(found)),
        `found ${JSON.stringify(findings, undefined, 1)}`,
      );
    });
  }
});
