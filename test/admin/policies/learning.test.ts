/** What is learned from a trace lets exactly those writes pass: no one less, and not one bit more. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  AccessReader,
  allowedNames,
  checkPolicy,
  fieldName,
  learnPolicies,
  parsePolicy,
  parseTrace,
  policyText,
  traceHead,
  traceLines,
  TraceSummary,
  type LearnedPolicy,
} from '../../../src/admin/policies/index.js';
import type { ConfigWidth } from '../../../src/function/index.js';
import { defaultName, isKept, policyAllowing } from '../../../src/pciback/index.js';
import { fieldMask } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { imageOf, MODELS, TracedSubject, type GuestAccess } from './traced-function.js';

const anAccess: fc.Arbitrary<GuestAccess> = fc
  .record({
    kind: fc.constantFrom('read' as const, 'write' as const, 'write' as const),
    // Mostly where registers are.
    at: fc.oneof(fc.nat(0xff), fc.nat(0xff), fc.nat(0xfff)),
    width: fc.constantFrom<ConfigWidth>(1, 2, 4),
    value: fc.oneof(
      fc.nat(0xffff_ffff),
      fc.integer({ min: 0, max: 31 }).map((bit) => (1 << bit) >>> 0),
    ),
  })
  .map(({ kind, at, width, value }) => ({ kind, offset: at - (at % width), width, value }));

function only(policies: readonly LearnedPolicy[]): LearnedPolicy {
  const [policy] = policies;
  assert.ok(policy !== undefined && policies.length === 1);
  return policy;
}

const namesOf = ({ allow, dangerous }: LearnedPolicy) => [...allow, ...dangerous].map(({ name }) => name);

describe('a learned policy', () => {
  test('lets through exactly what was asked for', async () => {
    await checkProperty(
      'learned-policy: exactly what was asked',
      fc.property(
        fc.constantFrom(...MODELS),
        fc.array(anAccess, { minLength: 1, maxLength: 40 }),
        (model, accesses) => {
          using subject = new TracedSubject(model);
          for (const access of accesses) subject.do(access);
          const policy = only(learnPolicies(subject.summary));
          const names = namesOf(policy);
          const under = imageOf(subject.function, policyAllowing(names));
          // Not one less: every change that the trace asks for, and is not openslot's, is taken now.
          const reader = new AccessReader(Buffer.from(subject.data.config, 'base64'));
          const asked = new Set<string>();
          for (const access of subject.trace.since(0, 1000).accesses) {
            const { offset, width } = access;
            const takes = access.kind === 'write' ? under.takes(offset, width as ConfigWidth) : 0;
            const { changes } = reader.read({ ...access, takes, outcome: 'done' });
            for (const { name, refused } of changes) {
              asked.add(name);
              if (!isKept(name))
                assert.equal(refused, false, `${name} is refused by the policy learned from it`);
            }
          }
          // Not a bit more: a field that it takes was asked for, or is openslot's, or goes with one by the default's own way.
          const bare = imageOf(subject.function, policyAllowing([]));
          for (const present of reader.registers) {
            const width = present.width;
            const added = under.takes(present.offset, width) & ~bare.takes(present.offset, width);
            for (const field of present.register.fields) {
              const name = fieldName(present, field);
              if ((added & fieldMask(field)) === 0 || asked.has(name)) continue;
              assert.ok(names.includes(defaultName(name) ?? ''), `${name} passes, and nobody asked for it`);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is read as it was written, and nothing is wrong with it for its device', async () => {
    await checkProperty(
      'learned-policy: its text',
      fc.property(
        fc.constantFrom(...MODELS),
        fc.array(anAccess, { minLength: 1, maxLength: 40 }),
        fc.string(),
        (model, accesses, from) => {
          using subject = new TracedSubject(model);
          for (const access of accesses) subject.do(access);
          const policy = only(learnPolicies(subject.summary));
          const text = policyText(policy, from);
          const document = parsePolicy(text, 'learned.yaml');
          assert.deepEqual(
            document.allow.map(({ name }) => name),
            policy.allow.map(({ name }) => name),
          );
          assert.deepEqual(
            document.dangerous,
            [],
            'what is dangerous is a comment until a person takes it up',
          );
          assert.equal(document.device, policy.device);
          const registers = new AccessReader(Buffer.from(subject.data.config, 'base64')).registers;
          assert.deepEqual(checkPolicy(document, registers), []);
          // Taken up, each is where it belongs, and nothing speaks against it but that.
          const uncommented = text.replaceAll(/^ {2}# - /gm, '  - ');
          const taken = parsePolicy(uncommented, 'learned.yaml');
          assert.deepEqual(allowedNames(taken), namesOf(policy));
          assert.deepEqual(checkPolicy(taken, registers), []);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('what changes a field and writes the rest back asks for that field alone', () => {
    using subject = new TracedSubject('nvme');
    const { image } = subject;
    const control = 0x5c;
    const before = image.read(control, 2);
    subject.do({ kind: 'read', offset: control, width: 2, value: 0 });
    // Maximum read request: 512 bytes become 4096.
    subject.do({ kind: 'write', offset: control, width: 2, value: (before & 0x8fff) | 0x5000 });
    const policy = only(learnPolicies(subject.summary));
    assert.deepEqual(namesOf(policy), ['pcie.devctl.max_read']);
    const [entry] = policy.allow;
    const [field] = entry?.fields ?? [];
    assert.deepEqual([field?.writes, field?.refused, field?.from, field?.values], [1, 1, 2, [5]]);
    assert.match(
      policyText(policy, 'a test'),
      /: 1 write, refused, 512 bytes -> 4096 bytes\n {2}- pcie\.devctl\.max_read$/m,
    );
  });

  test('a reset, interrupts and places without a name are never learned silently', () => {
    using subject = new TracedSubject('nvme');
    const { image } = subject;
    subject.do({ kind: 'write', offset: 0x5c, width: 2, value: image.read(0x5c, 2) | 0x8000 });
    subject.do({ kind: 'write', offset: 0x42, width: 2, value: 0x8000 });
    subject.do({ kind: 'write', offset: 0x10, width: 4, value: 0xffff_ffff });
    subject.do({ kind: 'write', offset: 0xf0, width: 4, value: 1 });
    const policy = only(learnPolicies(subject.summary));
    assert.deepEqual(policy.allow, []);
    assert.deepEqual(
      policy.dangerous.map(({ name }) => name),
      ['pcie.devctl.flr', 'config:0xf0/4'],
    );
    const text = policyText(policy, 'a test');
    assert.match(text, /^ {2}# the function is reset: .*\n {2}# - pcie\.devctl\.flr$/m);
    assert.doesNotMatch(text, /^ {2}- /m);
  });

  test('says when the trace cannot be all of it', () => {
    using subject = new TracedSubject('nvme');
    const summary = new TraceSummary();
    summary.add({ functions: [{ ...subject.data, fromTheStart: false }], accesses: [], lost: 0 });
    summary.add({ functions: [], accesses: [], lost: 7 });
    const { doubts } = only(learnPolicies(summary));
    assert.equal(doubts.length, 2);
    assert.match(doubts.join('\n'), /had begun before[\s\S]*7 accesses were lost/);
  });

  test('after a loss every field of a write counts as asked for', () => {
    using subject = new TracedSubject('nvme');
    const value = subject.image.read(0x0c, 1);
    subject.do({ kind: 'write', offset: 0x0c, width: 1, value });
    const summary = subject.summary;
    assert.deepEqual(only(learnPolicies(summary)).allow, [], 'it asks for what is there already');
    summary.add({ functions: [], accesses: [], lost: 1 });
    summary.add({ functions: [], accesses: subject.trace.since(0, 10).accesses, lost: 0 });
    assert.deepEqual(namesOf(only(learnPolicies(summary))), ['header.cache_line']);
  });
});

describe('a saved trace', () => {
  test('reads as what was traced', async () => {
    await checkProperty(
      'saved-trace: reads as it was',
      fc.property(fc.array(anAccess, { maxLength: 20 }), fc.nat(3), (accesses, lost) => {
        using subject = new TracedSubject('nvme');
        for (const access of accesses) subject.do(access);
        const part = { functions: [subject.data], accesses: subject.trace.since(0, 100).accesses, lost };
        const text = traceHead('sim', { domain: 1, name: 'web' }) + traceLines(part);
        const { head, parts } = parseTrace(text, 'web.trace');
        assert.deepEqual(head.guest, { domain: 1, name: 'web' });
        assert.deepEqual(
          {
            functions: parts.flatMap(({ functions }) => functions),
            accesses: parts.flatMap((each) => each.accesses),
            lost: parts.reduce((sum, each) => sum + each.lost, 0),
          },
          part,
        );
        assert.equal(parseTrace(text.slice(0, -2), 'web.trace').parts.length, parts.length - 1, 'cut off');
      }),
    );
  });
});
