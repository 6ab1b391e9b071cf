/** `openslot address`: what is written of an address, and that every notation can be read back. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { notations, PciAddress, OpenslotError } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));

function address(...words: readonly string[]) {
  return spawnSync(process.execPath, [MAIN, 'address', ...words], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
}

interface Data {
  readonly address: string;
  readonly bus: number;
  readonly notations: Readonly<Record<string, string | null>>;
}

describe('openslot address', () => {
  test('writes every notation', () => {
    const { stdout, status } = address('0a:1f.7');
    assert.equal(status, 0);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 2));
    assert.deepEqual(Object.fromEntries(rows), {
      hex: '0000:0a:1f.7',
      lspci: '0a:1f.7',
      proto: 'pci0:10:31:7',
      pcictl: '-b 10 -d 31 -f 7',
      'pcictl-list': '010:31:7',
      ppt: '10/31/7',
      'netbsd-hide': '(0a:1f.7)',
      'linux-hide': '(0a:1f.7)',
      xenstore: '0000:0a:1f.7',
      vdev: '0000:0a:1f.07',
      libxl: '0000-0a-1f-7',
      nodedev: 'pci_0000_0a_1f_7',
      requester: '0x0aff',
    });
  });

  test('tells which notations have no domain', () => {
    const { notations: forms } = JSON.parse(address('--json', 'pci1:10:31:7').stdout) as Data;
    assert.equal(forms['hex'], '0001:0a:1f.7');
    for (const name of ['pcictl', 'pcictl-list', 'ppt', 'netbsd-hide']) assert.equal(forms[name], null);
    assert.match(address('0001:0a:1f.7').stdout, /^netbsd-hide +- +.*it knows no domain but 0$/m);
  });

  test('reads decimal where the notation is decimal', () => {
    const read = (...words: readonly string[]) =>
      (JSON.parse(address('--json', ...words).stdout) as Data).address;
    assert.equal(read('--', '-b', '10', '-d', '0'), '0000:0a:00.0');
    assert.equal(read('--from', 'pcictl', '--', '-b 10 -d 0 -f 1'), '0000:0a:00.1');
    assert.equal(read('010:00:0'), '0000:0a:00.0');
    assert.equal(read('10:00.0'), '0000:10:00.0');
  });

  test('what is wrong with a text is told by its notation', () => {
    const none = address('0a:00');
    assert.equal(none.status, 2);
    assert.match(none.stderr, /ADDRESS_UNKNOWN/);
    const wrong = address('--from', 'proto', '0a:00.0');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /ADDRESS_MALFORMED.*proto notation: expected "pci" at character 1/);
  });
});

const ALL = Object.values(notations).filter(
  (each) => each !== notations.root && each !== notations.xlSpec,
) as notations.Notation[];

test('notations: no text is two addresses in two notations', async () => {
  const digits = fc.stringMatching(/^[0-9a-f]{1,4}$/);
  const text = fc.oneof(
    fc
      .tuple(fc.nat(1), fc.nat(255), fc.nat(31), fc.nat(7), fc.constantFrom(...ALL))
      .map(([domain, bus, device, fn, notation]) => {
        try {
          return notation.format(new PciAddress(domain, bus, device, fn));
        } catch {
          return '';
        }
      }),
    fc
      .tuple(
        fc.constantFrom('', 'pci'),
        fc.array(fc.tuple(digits, fc.constantFrom(':', '.', '-')), { maxLength: 3 }),
        digits,
      )
      .map(([prefix, parts, last]) => `${prefix}${parts.flat().join('')}${last}`),
  );
  let read = 0;
  await checkProperty(
    'notations: no text is two addresses in two notations',
    fc.property(text, (one) => {
      const readings = ALL.flatMap((notation) => {
        try {
          return [String(notation.parse(one))];
        } catch (error) {
          assert.ok(error instanceof OpenslotError);
          return [];
        }
      });
      if (readings.length > 1) read++;
      assert.ok(new Set(readings).size <= 1, `${one}: ${readings.join(', ')}`);
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, `${read} texts were read by several`);
});
