/** Files of `openslot apply`: what is wrong is told with its line, and no text is too strange to be answered. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DesiredStateError, parseDesiredState } from '../../../src/admin/desired/index.js';
import { checkProperty } from '../../kept-seeds.js';

const GOOD = `functions:
  - function: nic-dmz
    claim: xen
    guest: web
    slot: 5
    allow: [no-reset]
  - function: 0a:00.0
    device: 8086:10d3
    name: nic-lan
    claim: vfio
`;

function refusal(text: string): { readonly message: string; readonly line: unknown } {
  try {
    parseDesiredState(text, 'wanted.yaml');
  } catch (error) {
    assert.ok(error instanceof DesiredStateError, String(error));
    return { message: error.message, line: error.evidence['line'] };
  }
  throw new Error(`it was taken: ${text}`);
}

describe('a desired state', () => {
  test('is read with the line of each function, as YAML and as JSON', () => {
    const { state, lines } = parseDesiredState(GOOD, 'wanted.yaml');
    assert.deepEqual(lines, [2, 7]);
    assert.deepEqual(state.functions[1], {
      function: '0a:00.0',
      device: '8086:10d3',
      name: 'nic-lan',
      claim: 'vfio',
    });
    assert.deepEqual(parseDesiredState(JSON.stringify(state), 'x').state, state);
  });

  test('is refused where it means nothing, at its line', () => {
    const bad: readonly (readonly [line: number, change: readonly [string, string], told: RegExp])[] = [
      [3, ['claim: xen', 'claim: zen'], /functions\.0\.claim/],
      [5, ['slot: 5', 'slot: 32'], /functions\.0\.slot/],
      [6, ['no-reset', 'mounted'], /functions\.0\.allow\.0/],
      [2, ['guest: web', 'gest: web'], /gest/],
      [7, ['    device: 8086:10d3\n', ''], /an address needs its ids/],
      [8, ['8086:10d3', '8086:10D3'], /vendor and device/],
      [9, ['nic-lan', '0b:00.0'], /expected a name/],
      [4, ['claim: xen', 'claim: vfio'], /a guest gets functions that are claimed for xen/],
      [4, ['    guest: web\n', ''], /there is no guest/],
      [5, ['slot: 5', 'even_if_critical: disk'], /the function once more/],
      [3, ['    claim: xen', '   claim: xen'], /no YAML/],
    ];
    for (const [line, [from, to], told] of bad) {
      const text = GOOD.replace(from, to);
      assert.notEqual(text, GOOD);
      const refused = refusal(text);
      assert.match(refused.message, told);
      assert.deepEqual(
        [refused.line, refused.message.startsWith(`wanted.yaml:${line}: `)],
        [line, true],
        refused.message,
      );
    }
    for (const text of ['', '[]', 'functions: {}', '- a', '"']) refusal(text);
    assert.match(refusal('['.repeat(5000)).message, /levels deep/);
    assert.match(refusal(' '.repeat(600_000)).message, /longer than/);
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let at = 0; at < 8; at++)
      bomb.push(
        `b${at}: &b${at} [${'*b'
          .concat(String(at - 1), ', ')
          .repeat(9)
          .replaceAll('*b-1', '*a')}]`,
      );
    refusal(bomb.join('\n'));
  });

  test('is refused with all that has no form in it at once, each at its line', () => {
    const text = GOOD.replace('slot: 5', 'slot: 32')
      .replace('0a:00.0', '0a:00.8')
      .replace('claim: vfio', 'claim: vfi');
    const faults = (of: string) => {
      try {
        parseDesiredState(of, 'wanted.yaml');
      } catch (error) {
        assert.ok(error instanceof DesiredStateError, String(error));
        return { message: error.message, told: error.evidence['faults'] };
      }
      throw new Error('it was taken');
    };
    const { message, told } = faults(text);
    assert.match(
      message,
      /^wanted\.yaml:5: functions\.0\.slot: .*\n {2}wanted\.yaml:7: functions\.1\.function: PCI function 8 .*\n {2}wanted\.yaml:10: functions\.1\.claim: [^\n]*$/,
    );
    assert.ok(Array.isArray(told) && told.length === 3);
    assert.match(
      faults('a: b: c\nd: [e\nf: "g').message,
      /^wanted\.yaml:1: it is no YAML.*(?:\n {2}wanted\.yaml:\d: it is no YAML.*)+$/,
    );
    const entry = '  - {}\n';
    const many = faults(`functions:\n${entry.repeat(200)}`);
    assert.ok(Array.isArray(many.told) && many.told.length === 100);
    assert.match(many.message, /\n {2}wanted\.yaml:101: .*\n {2}and \d+ more$/);
  });

  test('of any text is a state, or refused as none', async () => {
    const piece = fc.constantFrom(
      ...GOOD.split(/(?<=[\s:])/),
      '*a',
      '&a',
      '!!x',
      '{',
      '}',
      '- ',
      '? ',
      '"',
      '\t',
      '---\n',
      '\u0000',
    );
    await checkProperty(
      'desired: any text is a state or a fault of it',
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
        ),
        (text) => {
          try {
            assert.ok(parseDesiredState(text, 'any').state.functions.length >= 0);
          } catch (error) {
            assert.ok(error instanceof DesiredStateError, String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
