/** Differential test: the real lspci and our table of Advanced Error Reporting read the same registers alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesReader, decodeFunction, decodedFields } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { flags, rule, type Rule } from './lspci-rule.js';
import { lspci, lspciVersion } from './lspci-run.js';

const skip = lspciVersion() === undefined ? 'lspci (package pciutils) is not installed' : false;

/** lspci's words for errors; it has none for those that came to the specification after it. */
const UNCORRECTABLE = {
  DLP: 'data_link',
  SDES: 'surprise_down',
  TLP: 'poisoned',
  FCP: 'flow_control',
  CmpltTO: 'completion_timeout',
  CmpltAbrt: 'completer_abort',
  UnxCmplt: 'unexpected_completion',
  RxOF: 'receiver_overflow',
  MalfTLP: 'malformed',
  ECRC: 'ecrc',
  UnsupReq: 'unsupported_request',
  ACSViol: 'acs_violation',
};
const CORRECTABLE = {
  RxErr: 'receiver',
  BadTLP: 'bad_tlp',
  BadDLLP: 'bad_dllp',
  Rollover: 'replay_rollover',
  Timeout: 'replay_timeout',
  AdvNonFatalErr: 'advisory',
};
const AT = 0x100;
const INSIDE = `other ${AT.toString(16)}`;
const line = (name: string) => `${INSIDE}.${name}`;

const rules: readonly Rule[] = [
  ...flags(line('UESta'), 'aer.uncorrectable', UNCORRECTABLE),
  ...flags(line('UEMsk'), 'aer.uncorrectable_mask', UNCORRECTABLE),
  ...flags(line('UESvrt'), 'aer.severity', UNCORRECTABLE),
  ...flags(line('CESta'), 'aer.correctable', CORRECTABLE),
  ...flags(line('CEMsk'), 'aer.correctable_mask', CORRECTABLE),
  ...flags(line('AERCap'), 'aer.control', {
    ECRCGenCap: 'ecrc_generation_capable',
    ECRCGenEn: 'ecrc_generation',
    ECRCChkCap: 'ecrc_check_capable',
    ECRCChkEn: 'ecrc_check',
    MultHdrRecCap: 'multiple_headers_capable',
    MultHdrRecEn: 'multiple_headers',
    TLPPfxPres: 'prefix_present',
    HdrLogCap: 'timeout_header_capable',
  }),
  rule(line('AERCap'), /First Error Pointer: ([0-9a-f]+)/, 'aer.control.first_error', (value) =>
    Number(value).toString(16).padStart(2, '0'),
  ),
  ...[0, 1, 2, 3].map((word) =>
    rule(
      line('HeaderLog'),
      new RegExp(`^(?:[0-9a-f]{8} ){${word}}([0-9a-f]{8})`),
      `aer.header${word}`,
      (value) => String(value).slice(2),
    ),
  ),
];

/** An Express endpoint whose only extended capability is this one, with these registers. */
function space(registers: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4096);
  bytes.set([0x86, 0x80, 1, 0, 0, 0, 0x10]);
  bytes[0x34] = 0x40;
  bytes.set([0x10, 0x00, 0x02, 0x00], 0x40);
  bytes.set([0x01, 0x00, 0x02, 0x00], AT);
  bytes.set(registers, AT + 4);
  return bytes;
}

test('advanced error reporting', { skip }, async (context) => {
  const compared = new Map<string, number>();
  const registers = fc.uint8Array({ minLength: 40, maxLength: 40 });
  await checkProperty(
    'lspci: error reporting decodes alike',
    fc.property(fc.array(registers, { minLength: 20, maxLength: 40 }), (all) => {
      const spaces = all.map(space);
      for (const [index, device] of lspci(spaces).entries()) {
        const { capabilities } = decodeFunction(bytesReader(spaces[index] ?? new Uint8Array()));
        const ours = new Map(
          decodedFields(capabilities.flatMap((capability) => capability.registers)).map((field) => [
            field.name,
            field,
          ]),
        );
        for (const one of rules) {
          const { line: name, pattern, field } = one;
          const theirs = pattern.exec(device.lines.get(name) ?? '')?.[1];
          if (theirs === undefined) continue;
          const found = ours.get(field);
          assert.ok(found !== undefined, field);
          assert.equal(
            one.expected(found.value, found, ours),
            theirs,
            `${field} in ${device.lines.get(name)}`,
          );
          compared.set(field, (compared.get(field) ?? 0) + 1);
        }
      }
    }),
    { numRuns: 5 },
  );
  // The words are those of 3.9; other versions call some things otherwise, and know more.
  assert.ok(compared.size >= 55, `${compared.size} of ${rules.length}`);
  context.diagnostic(`${[...compared.values()].reduce((sum, times) => sum + times, 0)} values agree`);
});
