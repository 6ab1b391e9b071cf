/** Every lesson's test fails when its defence is taken away: the defence is what the test holds. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { runWith, type PlantedFault } from '../planted/fault.js';

/** A defence: the advisory, the file of its test, and the text of ours without which it is gone. */
interface Defence extends PlantedFault {
  readonly advisory: number;
  readonly file: string;
}

const POLICY_END = "'vpd.address': 'vpd_address',";

const DEFENCES: readonly Defence[] = [
  {
    advisory: 120,
    file: 'configuration-space',
    module: 'pciback/guest-config',
    text: 'const guestBits = mask & COMMAND_GUEST;',
    instead: 'const guestBits = mask & (COMMAND_GUEST | COMMAND_DECODE);',
  },
  {
    advisory: 128,
    file: 'configuration-space',
    module: 'pciback/policy',
    text: POLICY_END,
    instead: `${POLICY_END} 'msi.address': 'pass', 'msi.data': 'pass',`,
  },
  {
    advisory: 129,
    file: 'configuration-space',
    module: 'pciback/policy',
    text: POLICY_END,
    instead: `${POLICY_END} 'msi.mask': 'pass',`,
  },
  {
    advisory: 130,
    file: 'requests',
    module: 'pciback/exported-function',
    text: 'if (told[offset] !== 0)',
    instead: 'if (told.length === 0)',
  },
  {
    advisory: 130,
    file: 'requests',
    module: 'pciback/guest-connection',
    text: 'if (failed.size === failed.add(`${command} ${devfn}`).size)',
    instead: 'if (failed.size > 0)',
  },
  {
    advisory: 131,
    file: 'configuration-space',
    module: 'function/config-image',
    text: 'this.#dropped?.(offset, width, value >>> 0, undefined);',
    instead: 'this.#base?.write(offset, width, value >>> 0);',
  },
  {
    advisory: 155,
    file: 'requests',
    module: 'xen/pciif/shared-page',
    text: 'into.offset = request[PageWord.offset] ?? 0;',
    instead:
      "Object.defineProperty(into, 'offset', { configurable: true, get: () => Atomics.load(this.#words, PageWord.offset) });",
  },
  {
    advisory: 157,
    file: 'requests',
    module: 'pciback/guest-interrupts',
    text: [
      'if (this.mode === wanted)',
      "            throw this.#refusal('EALREADY', `${name} is on already`);",
      "        if (this.mode !== 'off')",
      "            throw this.#refusal('ENXIO', `${this.mode} is on`);",
    ].join('\n'),
    instead: '',
  },
  {
    advisory: 237,
    file: 'interrupts',
    module: 'xen/local/pirqs',
    text: "if (mapped.route.kind === 'intx' && !allowed.has(pirq))",
    instead: 'if (false)',
  },
  {
    advisory: 237,
    file: 'interrupts',
    module: 'xen/local/pirqs',
    text: 'const mapped = own.get(pirq);\n        if (mapped === undefined)',
    instead:
      'const mapped = own.get(pirq) ?? [...this.#domains.values()].map((all) => all.mapped.get(pirq)).find((one) => one !== undefined);\n        if (mapped === undefined)',
  },
  {
    advisory: 302,
    file: 'assignment',
    module: 'xen/local/assignment',
    text: 'this.#host.assignContext(address, undefined);',
    instead: "this.#host.assignContext(address, 'program');",
  },
  {
    advisory: 331,
    file: 'interrupts',
    module: 'xen/event-throttle',
    text: 'if (++this.#empty <= FREE)',
    instead: 'if (FREE > 0)',
  },
  {
    advisory: 337,
    file: 'interrupts',
    module: 'pciback/guest-interrupts',
    text: 'Math.max(...asked) >= this.#tableSize',
    instead: 'Math.max(...asked) >= msixVectors(this.#config, capability)',
  },
  {
    advisory: 349,
    file: 'watches',
    module: 'xen/store/watches',
    text: 'this.#waiting.size >= MAX_WAITING_EVENTS',
    instead: 'this.#waiting.size < 0',
  },
  {
    advisory: 349,
    file: 'watches',
    module: 'xen/store/follower',
    text: 'this.#looking ??= this.#catchUp();',
    instead: 'this.#looking = this.#catchUp();',
  },
  {
    advisory: 360,
    file: 'interrupts',
    module: 'pciback/guest-interrupts',
    text: 'this.#platform.pirqs.unmap(this.#guest, pirq);',
    instead: '',
  },
  {
    advisory: 449,
    file: 'assignment',
    module: 'admin/attach',
    text: 'const failed = await this.#undo.settle();',
    instead: 'const failed = [];',
  },
  {
    advisory: 449,
    file: 'assignment',
    module: 'pciback/policy',
    text: POLICY_END,
    instead: `${POLICY_END} 'pcie.devctl': 'pass',`,
  },
  {
    advisory: 461,
    file: 'assignment',
    module: 'admin/attach',
    text: 'if (left.length === 0)',
    instead: 'if (left.length >= 0)',
  },
  {
    advisory: 476,
    file: 'assignment',
    module: 'admin/guest-grants',
    text: 'grantsWithout(done, kept)',
    instead: 'done',
  },
];

const LONGEST_MS = 60_000;

function run(advisory: number, file: string, fault: PlantedFault | undefined) {
  const program = fileURLToPath(new URL(`${file}.test.js`, import.meta.url));
  return runWith(fault, [`--test-name-pattern=XSA-${advisory}\\b`, program], LONGEST_MS);
}

describe('a defence that is taken away is missed by the test of', () => {
  for (const { advisory, file, ...fault } of DEFENCES) {
    test(`XSA-${advisory} (${fault.module})`, async () => {
      const { code, output } = await run(advisory, file, fault);
      assert.notEqual(code, 0, output);
      assert.match(output, new RegExp(`^ *not ok \\d+ - XSA-${advisory}\\b`, 'm'));
    });
  }

  test('every advisory that has one', () => {
    const folder = fileURLToPath(new URL('../../../test/advisories', import.meta.url));
    const tested = readdirSync(folder).flatMap((name) =>
      [...readFileSync(`${folder}/${name}`, 'utf8').matchAll(/test\('XSA-(\d+)/g)].map(([, number]) =>
        Number(number),
      ),
    );
    const defended = new Set(DEFENCES.map(({ advisory }) => advisory));
    assert.deepEqual([...defended].sort(), [...new Set(tested)].sort());
    const page = readFileSync(new URL('../../../docs/hostile-guests.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| XSA-(\d+) \|/gm)].map(([, number]) => Number(number));
    assert.deepEqual(documented.sort(), [...defended].sort());
  });
});
