/** Policies as text: what is wrong is told with its line, and nothing that is written there can throw anything else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  AccessReader,
  checkPolicy,
  parsePolicy,
  parseTrace,
  PolicyMalformedError,
  TraceMalformedError,
} from '../../../src/admin/policies/index.js';
import { harmNames } from '../../../src/admin/policies/harm.js';
import { policyAllowing, KEPT_RULES } from '../../../src/pciback/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { TracedSubject } from './traced-function.js';

const FILE = 'nic.yaml';

function findings(body: string, registers = registersOfNvme()) {
  return checkPolicy(parsePolicy(`policy: 1\n${body}`, FILE), registers).map(
    ({ severity, code, line }) => `${String(line)} ${severity} ${code}`,
  );
}

function registersOfNvme() {
  using subject = new TracedSubject('nvme');
  return new AccessReader(Buffer.from(subject.data.config, 'base64')).registers;
}

describe('the text of a policy', () => {
  test('says what is no policy, and in which line', () => {
    for (const [text, line, why] of [
      ['', 1, /begins with policy: 1/],
      ['policy: 2\n', 1, /begins with policy: 1/],
      ['policy: 1\nallowed: []\n', 2, /no allowed/],
      ['policy: 1\nallow: header.bist\n', 2, /list of names/],
      ['policy: 1\nallow:\n  - header.bist\n  - [header.rom]\n', 4, /list of names/],
      ['policy: 1\nallow:\n  - 3\n', 3, /list of names/],
      ['policy: 1\ndevice: 8086\n', 2, /two ids/],
      ['policy: 1\nallow: [\n', 3, /no YAML/],
      ['policy: 1\npolicy: 1\n', 2, /no YAML/],
    ] as const)
      assert.throws(
        () => parsePolicy(text, FILE),
        (error) =>
          error instanceof PolicyMalformedError && error.evidence['line'] === line && why.test(error.message),
        JSON.stringify(text),
      );
    assert.throws(() => parsePolicy(`policy: 1\nallow: ${'['.repeat(20_000)}`, FILE), /levels deep/);
  });

  test('takes ids as they are written, lists that are empty, and comments', () => {
    const policy = parsePolicy(
      "policy: 1\ndevice: 0010:0001 # no number\nsubsystem: '1AF4:1100'\nallow:\n  # - header.bist\ndangerous: []\n",
      FILE,
    );
    assert.deepEqual(policy, {
      file: FILE,
      device: '0010:0001',
      subsystem: '1af4:1100',
      allow: [],
      dangerous: [],
    });
  });

  test('whatever stands there, it is a policy or malformed', async () => {
    const piece = fc.constantFrom(
      'policy: 1\n',
      'allow:\n',
      '  - header.bist\n',
      '  - &a x\n',
      '  - *a\n',
      'dangerous: [a, b]\n',
      "device: '8086:10d3'\n",
      '? [x]\n',
      '<<: *a\n',
      '---\n',
      '- ',
      '{',
      '"\n',
      '\t',
      '!!binary x\n',
    );
    await checkProperty(
      'policy-text: a policy or malformed',
      fc.property(
        fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }).map((parts) => parts.join('')),
        (text) => {
          try {
            checkPolicy(parsePolicy(text, FILE), registersOf());
          } catch (error) {
            if (!(error instanceof PolicyMalformedError)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('whatever a saved trace holds, it is one or malformed', async () => {
    const line = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom(
        '{"trace":1,"machine":"sim","guest":{"domain":1,"name":"g"}}',
        '{"lost":3}',
        '{"function":{"address":"0000:00:00.0","virtual":"0000:00:00.0","device":"8086:10d3","config":"","policy":"default","fromTheStart":true}}',
        '{"access":{"number":0,"milliseconds":0,"function":0,"kind":"write","offset":4,"width":2,"value":7,"takes":7,"outcome":"done"}}',
      ),
    );
    await checkProperty(
      'trace-text: a trace or malformed',
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        try {
          parseTrace(`${lines.join('\n')}\n`, 'x.trace');
        } catch (error) {
          if (!(error instanceof TraceMalformedError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

const nvmeRegisters = registersOfNvme();
const registersOf = () => nvmeRegisters;

describe('the check of a policy', () => {
  test('finds names that nothing has, and says which was meant', () => {
    const [found] = checkPolicy(parsePolicy('policy: 1\nallow: [header.cacheline]\n', FILE));
    assert.match(found?.message ?? '', /did you mean header\.cache_line/);
    assert.deepEqual(findings('allow:\n  - pcie.devctl.max_reed\n'), ['3 error unknown-name']);
    assert.deepEqual(findings('dangerous: [config:0x41/4, config:0xF0/4]\n'), [
      '2 error unknown-name',
      '2 error unknown-name',
    ]);
    assert.deepEqual(findings('allow: [aer.uncorrectable_mask]\n'), ['2 note not-there']);
  });

  test('keeps what is openslot’s, and does not let what is dangerous stand among the rest', () => {
    for (const name of [
      'header.command',
      'header.bar0',
      'msix.control.enable',
      'pm.pmcsr.pme_enable',
      'vpd.data',
    ])
      assert.deepEqual(findings(`dangerous: [${name}]\n`), ['2 error kept'], name);
    assert.deepEqual(findings('allow: [pcie.devctl.flr]\n'), ['2 error dangerous']);
    assert.deepEqual(
      findings('allow: [pcie.devctl]\n'),
      ['2 error dangerous'],
      'the register has that field',
    );
    assert.deepEqual(findings('allow: [config:0xf0/4]\n'), ['2 error dangerous']);
    assert.deepEqual(findings('dangerous: [config:0x40/4]\n'), ['2 error named-place']);
    assert.deepEqual(findings('dangerous: [pcie.devctl.flr, config:0xf0/4]\n'), []);
  });

  test('what makes the device report errors to the host is dangerous; every rule is of a field that is there', () => {
    assert.deepEqual(findings('allow: [pcie.devctl.non_fatal]\n'), ['2 error dangerous']);
    const text = `policy: 1\ndangerous:\n${harmNames.map((name) => `  - ${name}\n`).join('')}`;
    assert.deepEqual(checkPolicy(parsePolicy(text, FILE)), []);
  });

  test('tells what does nothing', () => {
    assert.deepEqual(findings('allow: [header.vendor]\n'), ['2 note read-only']);
    assert.deepEqual(findings('allow: [header.bist, header.bist]\n'), ['2 note twice']);
    assert.deepEqual(findings('dangerous: [header.cache_line]\n'), ['2 note harmless']);
  });

  test('no list can have what is openslot’s', async () => {
    const names = [
      ...Object.keys(KEPT_RULES),
      'header.command.memory',
      'header.bar0',
      'msi.control',
      'pm.pmcsr',
    ];
    await checkProperty(
      'policy: what is kept stays',
      fc.property(fc.subarray(names), (listed) => {
        const policy = policyAllowing(listed);
        for (const [name, rule] of Object.entries(KEPT_RULES)) assert.equal(policy[name], rule);
        assert.ok(!('header.command.memory' in policy) && !('msi.control' in policy));
        if (listed.includes('pm.pmcsr')) assert.equal(policy['pm.pmcsr.state'], 'emulate');
      }),
    );
  });
});
